"""The schedules that the service needs, and how the other apps set theirs. Every `migrate` creates or updates them, so
nobody can forget to."""

from __future__ import annotations

from typing import Any

from django_q.models import Schedule
from django_q.tasks import async_task

SWEEP = "callhooks sweep"
TIDY = "callhooks retention"


def install(**_: Any) -> None:
    run_every_minute(SWEEP, "subscriptions.worker.tasks.sweep")
    run_every_hour(TIDY, "subscriptions.worker.tasks.tidy")


def run_every_minute(name: str, task: str) -> None:
    """`task` is the dotted path of a function; `name` finds its schedule again."""
    _set(name, func=task, schedule_type=Schedule.MINUTES, minutes=1)


def run_every_hour(name: str, task: str) -> None:
    _set(name, func=task, schedule_type=Schedule.HOURLY)


def run_soon(task: str) -> None:
    """Once, as soon as a worker is free."""
    async_task(task)


def _set(name: str, **values: Any) -> None:
    Schedule.objects.update_or_create(name=name, defaults={**values, "repeats": -1})
