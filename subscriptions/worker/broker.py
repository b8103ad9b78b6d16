"""django-q2's ORM broker for the process that takes tasks out of the queue. It adds three things: the heartbeat task,
a check that drains run, and retries while the database is unavailable."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.signing import SignedPackage

from ..lib.ids import uuid7
from . import drains, heartbeat, stop_flag

logger = logging.getLogger(__name__)

HEARTBEAT_TASK = "callhooks heartbeat"
HEARTBEAT_EVERY_SECONDS = 5.0
# A commit that needs a drain checks too. But a retry falls due without a commit, and the last drain may have died with
# its machine.
CHECK_EVERY_SECONDS = 5.0
RETRY_SECONDS = 1.0


class HeartbeatBroker(ORM):  # type: ignore[misc]
    """The heartbeat task is never stored: it is added where tasks come out of the database, and needs no result."""

    _next_heartbeat = 0.0
    _next_check = 0.0
    _unavailable = False

    def dequeue(self) -> list[tuple[Any, str]]:
        """Never raises database errors: django-q2 would then stay idle for ten seconds."""
        try:
            if time.monotonic() >= self._next_check and not stop_flag.stopping():
                self._next_check = time.monotonic() + CHECK_EVERY_SECONDS
                drains.queue_missing_drains()
            tasks: list[tuple[Any, str]] = super().dequeue() or []
        except (DatabaseError, InterfaceError) as error:
            if not self._unavailable:
                logger.warning("Cannot read the task queue; trying again every second: %s", error)
            self._unavailable, self._next_check = True, 0.0
            connection.close()  # Django would keep using the broken one
            time.sleep(RETRY_SECONDS)
            return []
        self._unavailable = False
        if heartbeat.enabled and time.monotonic() >= self._next_heartbeat:
            self._next_heartbeat = time.monotonic() + HEARTBEAT_EVERY_SECONDS
            tasks = [*tasks, (None, _build_heartbeat_task())]
        return tasks

    def set_stat(self, key: str, value: str, timeout: int) -> Any:
        # Only django-q2's guard calls this, once a round.
        heartbeat.record(heartbeat.GUARD)
        return super().set_stat(key, value, timeout)


def _build_heartbeat_task() -> str:
    task = {
        "id": uuid7().hex,
        "name": HEARTBEAT_TASK,
        "func": "subscriptions.worker.tasks.heartbeat_task",
        "args": (),
        "kwargs": {},
    }
    return str(SignedPackage.dumps({**task, "started": timezone.now()}))
