"""The task that counts calls by the hour, and its schedule."""

from __future__ import annotations

from typing import Any

from django_q.models import Schedule

COUNT = "callhooks call totals"


def install(**_: Any) -> None:
    Schedule.objects.update_or_create(
        name=COUNT,
        defaults={
            "func": "callhooks_site.vendor_api.tasks.count_calls",
            "schedule_type": Schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
        },
    )
