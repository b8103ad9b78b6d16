"""The task that counts calls by the hour, and its schedule."""

from __future__ import annotations

from typing import Any

from subscriptions.worker import schedules

COUNT = "callhooks call totals"


def install(**_: Any) -> None:
    schedules.run_every_minute(COUNT, "callhooks_site.vendor_api.tasks.count_calls")
