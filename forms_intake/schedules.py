"""The schedule of this app, made by every `migrate`."""

from __future__ import annotations

from typing import Any

from django_q.models import Schedule

TIDY = "callhooks web forms"


def install(**_: Any) -> None:
    Schedule.objects.update_or_create(
        name=TIDY,
        defaults={"func": "forms_intake.tasks.tidy", "schedule_type": Schedule.HOURLY, "repeats": -1},
    )
