"""The task that erases, and the schedule that runs it in case a queued task is lost."""

from __future__ import annotations

from typing import Any

from subscriptions.worker import schedules

WORK = "callhooks erasures"
TASK = "callhooks_site.privacy.tasks.work"


def install(**_: Any) -> None:
    schedules.run_every_minute(WORK, TASK)


def queue() -> None:
    """Run the task soon instead of within a minute. An extra task finds nothing to do."""
    schedules.run_soon(TASK)
