"""The import task, and the schedule that runs it in case a queued task is lost."""

from __future__ import annotations

from typing import Any

from django_q.models import Schedule
from django_q.tasks import async_task

WORK = "callhooks imports"
TASK = "callhooks_site.intake.imports.tasks.work"


def install(**_: Any) -> None:
    Schedule.objects.update_or_create(
        name=WORK, defaults={"func": TASK, "schedule_type": Schedule.MINUTES, "minutes": 1, "repeats": -1}
    )


def queue() -> None:
    """Run the task soon instead of within a minute. An extra task finds nothing to do."""
    async_task(TASK)
