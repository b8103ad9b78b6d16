"""The service's own background tasks, read from django-q2's tables: queued, failed and scheduled ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django_q.models import Failure, OrmQ, Schedule, Task

MOST_COUNTED = 1_000  # a working cluster empties the queue in seconds; more than this says nothing new
MOST_SHOWN = 5
# `lock` is when a task may be taken: when it was queued, or, once somebody has it, when another may try.
_QUEUE = f"""
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(lock)), 0)::float8
  FROM (SELECT lock FROM django_q_ormq ORDER BY id LIMIT {MOST_COUNTED}) first WHERE lock <= clock_timestamp()
"""


@dataclass(frozen=True)
class Failed:
    name: str
    at: datetime
    error: str  # the last line of the traceback


@dataclass(frozen=True)
class Planned:
    name: str
    next_at: datetime | None


@dataclass(frozen=True)
class QueueStatus:
    """`queued`: tasks that no worker has taken yet, counted up to MOST_COUNTED."""

    queued: int
    failed: list[Failed]
    planned: list[Planned]


def read_status() -> QueueStatus:
    failed = Failure.objects.order_by("-stopped").values_list("func", "stopped", "result")[:MOST_SHOWN]
    return QueueStatus(
        OrmQ.objects.all()[:MOST_COUNTED].count(),
        [Failed(func, at, _last_line(result)) for func, at, result in failed],
        [Planned(row.name, row.next_run) for row in Schedule.objects.order_by("next_run", "name")],
    )


def measure_queue() -> tuple[int, float]:
    """How many tasks no worker has taken, counted up to MOST_COUNTED, and the seconds that the first has waited."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE)
        queued, seconds = cursor.fetchone()
    return int(queued), float(seconds)


def _last_line(result: object) -> str:
    lines = str(result or "").strip().splitlines()
    return lines[-1][:300] if lines else ""


def find_old_failures() -> QuerySet[Any]:
    """Tasks that retention deletes: django-q2 keeps failed tasks forever, and `save_limit` drops successful ones."""
    old: QuerySet[Any] = Task.objects.filter(stopped__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS))
    return old
