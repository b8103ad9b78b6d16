"""The schedule of this app, made by every `migrate`."""

from __future__ import annotations

from typing import Any

from django_q.models import Schedule

HOURLY = "callhooks provider callbacks"


def install(**_: Any) -> None:
    Schedule.objects.update_or_create(
        name=HOURLY,
        defaults={
            "func": "callhooks_site.intake.providers.tasks.tell_what_is_missing",
            "schedule_type": Schedule.HOURLY,
            "repeats": -1,
        },
    )
