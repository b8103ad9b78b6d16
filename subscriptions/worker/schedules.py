"""The schedules that the service needs. Every `migrate` creates or updates them, so nobody can forget to."""

from __future__ import annotations

from typing import Any

from django_q.models import Schedule

SWEEP = "callhooks sweep"
TIDY = "callhooks retention"


def install(**_: Any) -> None:
    Schedule.objects.update_or_create(
        name=SWEEP,
        defaults={
            "func": "subscriptions.worker.tasks.sweep",
            "schedule_type": Schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
        },
    )
    Schedule.objects.update_or_create(
        name=TIDY,
        defaults={"func": "subscriptions.worker.tasks.tidy", "schedule_type": Schedule.HOURLY, "repeats": -1},
    )
