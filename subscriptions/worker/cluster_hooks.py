"""Hooks into the django-q2 cluster: what to do when it starts a worker, takes a task or finishes one."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.backends.signals import connection_created
from django_q.signals import post_execute, post_execute_in_worker, post_spawn, pre_execute

from ..delivery.slots import SERVER_NOTICES
from . import heartbeat, task_counts

# Our transactions take milliseconds. An idle one belongs to a frozen process or a lost machine, and may hold the lock
# that all claims wait for.
IDLE_TRANSACTION_SECONDS = 30


def connect() -> None:
    post_spawn.connect(start_drains, dispatch_uid="callhooks drains")
    parts = (
        (pre_execute, heartbeat.TAKEN),
        (post_execute_in_worker, heartbeat.FINISHED),
        (post_execute, heartbeat.RESULT),
    )
    for signal, part in parts:
        signal.connect(partial(_record, part), weak=False, dispatch_uid="callhooks heartbeat")

    pre_execute.connect(task_counts.begin, dispatch_uid="callhooks counts")
    post_execute_in_worker.connect(task_counts.end, dispatch_uid="callhooks counts")


def guard_connections() -> None:
    """For the processes of a cluster: a dead or frozen one must not block the others in the database."""
    connection_created.connect(_guard, dispatch_uid="callhooks guarded connections")


def _guard(connection: Any, **_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SERVER_NOTICES)
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_TRANSACTION_SECONDS}s'")


def start_drains(**_: Any) -> None:
    """A new cluster delivers at once. django-q2's scheduler first runs half a minute later."""
    from . import tasks

    tasks.ensure_drains()


def _record(part: int, **_: Any) -> None:
    heartbeat.record(part)
