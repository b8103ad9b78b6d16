"""What a worker's tasks count for /metrics: how each ended and how long it took. At its end all that it counted is
written."""

from __future__ import annotations

import time
from typing import Any

from ..counters import known, writing
from .broker import HEARTBEAT_TASK

# What is queued by others than us, if anybody does, has one name: names are labels, and there may be few.
OURS = ("subscriptions.", "calls.", "messaging.", "forms_intake.", "callhooks_site.")
_began = 0.0  # a worker runs one task at a time


def begin(**_: Any) -> None:
    global _began
    _began = time.monotonic()


def end(task: dict[str, Any], **_: Any) -> None:
    if task.get("name") == HEARTBEAT_TASK or task.get("sync"):
        return
    name = _name_of(task["func"])
    known.TASKS.add(name, "done" if task.get("success") else "failed")
    known.TASK_SECONDS.observe(time.monotonic() - _began, labels=(name,))
    writing.write()


def _name_of(function: object) -> str:
    """`sweep` of subscriptions.worker.tasks, `imports.work` of a site's or producer's tasks."""
    path = (
        function
        if isinstance(function, str)
        else f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', '')}"
    )
    if not path.startswith(OURS):
        return "other"
    package, _, name = path.rpartition(".")
    parts = package.split(".")
    return name if parts[:2] == ["subscriptions", "worker"] and parts[-1] == "tasks" else ".".join([*parts[-2:], name])
