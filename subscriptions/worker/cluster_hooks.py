"""What happens when django-q2 starts a worker, and when tasks pass its stations."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.backends.signals import connection_created
from django_q.signals import post_execute, post_execute_in_worker, post_spawn, pre_execute

from ..delivery.slots import SERVER_NOTICES
from . import heartbeat

# A transaction here takes milliseconds. One that stands still, of a process that is frozen or a machine that is gone,
# may hold the lock that all claims wait for.
STANDING_STILL_SECONDS = 30


def connect() -> None:
    post_spawn.connect(drains_for_new_worker, dispatch_uid="callhooks drains")
    stations = (
        (pre_execute, heartbeat.TAKEN),
        (post_execute_in_worker, heartbeat.FINISHED),
        (post_execute, heartbeat.RESULT),
    )
    for signal, organ in stations:
        signal.connect(partial(_beat, organ), weak=False, dispatch_uid="callhooks heartbeat")


def guard_connections() -> None:
    """In the processes of a cluster: no connection of a dead or frozen one holds up the others."""
    connection_created.connect(_guard, dispatch_uid="callhooks guarded connections")


def _guard(connection: Any, **_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SERVER_NOTICES)
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{STANDING_STILL_SECONDS}s'")


def drains_for_new_worker(**_: Any) -> None:
    """A fresh cluster delivers at once instead of when django-q2's scheduler first runs, half a minute later."""
    from . import tasks

    tasks.ensure_drains()


def _beat(organ: int, **_: Any) -> None:
    heartbeat.record(organ)
