"""The schedule of this app. Every `migrate` creates or updates it."""

from __future__ import annotations

from typing import Any

from django_q.models import Schedule

HOURLY = "callhooks provider callbacks"


def install(**_: Any) -> None:
    Schedule.objects.update_or_create(
        name=HOURLY,
        defaults={
            "func": "callhooks_site.intake.providers.tasks.finish_incomplete_calls",
            "schedule_type": Schedule.HOURLY,
            "repeats": -1,
        },
    )
