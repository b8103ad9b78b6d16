"""The schedule of this app. Every `migrate` creates or updates it."""

from __future__ import annotations

from typing import Any

from subscriptions.worker import schedules

HOURLY = "callhooks provider callbacks"


def install(**_: Any) -> None:
    schedules.run_every_hour(HOURLY, "callhooks_site.intake.providers.tasks.finish_incomplete_calls")
