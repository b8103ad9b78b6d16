"""The service's own work in the background, as django-q2 keeps it: what waits, what failed, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now
from django_q.models import Failure, OrmQ, Schedule, Task

MOST_COUNTED = 1_000  # a queue is drained in seconds; a thousand tasks already say that nobody does
MOST_SHOWN = 5


@dataclass(frozen=True)
class Failed:
    name: str
    at: datetime
    said: str  # the last line of what it raised


@dataclass(frozen=True)
class Planned:
    name: str
    next_at: datetime | None


@dataclass(frozen=True)
class QueueStatus:
    """`queued`: tasks that no worker has taken, counted up to MOST_COUNTED."""

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


def _last_line(result: object) -> str:
    lines = str(result or "").strip().splitlines()
    return lines[-1][:300] if lines else ""


def find_old_failures() -> QuerySet[Any]:
    """Tasks to delete: django-q2 keeps failed ones for people to look at, for ever; successful ones are not kept."""
    old: QuerySet[Any] = Task.objects.filter(stopped__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS))
    return old
