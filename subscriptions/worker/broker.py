"""django-q2's ORM broker, as the cluster's pusher uses it: with a pulse (see `pulse`), with an eye on whether drains
run, and with patience for a database that is away."""

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
# The commit that needs a drain looks too; but what falls due by time alone, when the last drain was killed with its
# machine, is nobody's commit.
LOOK_EVERY_SECONDS = 5.0
AWAY_SECONDS = 1.0


class HeartbeatBroker(ORM):  # type: ignore[misc]
    """The task of the pulse is in no table: it is made where tasks come out of the database, and needs no answer."""

    _next_heartbeat = 0.0
    _next_look = 0.0
    _away = False

    def dequeue(self) -> list[tuple[Any, str]]:
        """Never raises for the database: django-q2's pusher would give up and be idle for ten seconds."""
        try:
            if time.monotonic() >= self._next_look and not stop_flag.stopping():
                self._next_look = time.monotonic() + LOOK_EVERY_SECONDS
                drains.queue_missing_drains()
            tasks: list[tuple[Any, str]] = super().dequeue() or []
        except (DatabaseError, InterfaceError) as error:
            if not self._away:
                logger.warning("The queue is out of reach; it is tried again every second: %s", error)
            self._away, self._next_look = True, 0.0
            connection.close()  # a broken one would be used again and again
            time.sleep(AWAY_SECONDS)
            return []
        self._away = False
        if heartbeat.enabled and time.monotonic() >= self._next_heartbeat:
            self._next_heartbeat = time.monotonic() + HEARTBEAT_EVERY_SECONDS
            tasks = [*tasks, (None, _heartbeat_task())]
        return tasks

    def set_stat(self, key: str, value: str, timeout: int) -> Any:
        # The guard calls this in each of its rounds, and nobody else does.
        heartbeat.record(heartbeat.GUARD)
        return super().set_stat(key, value, timeout)


def _heartbeat_task() -> str:
    task = {
        "id": uuid7().hex,
        "name": HEARTBEAT_TASK,
        "func": "subscriptions.worker.tasks.heartbeat_task",
        "args": (),
        "kwargs": {},
    }
    return str(SignedPackage.dumps({**task, "started": timezone.now()}))
