"""Playing a drain by hand: claims, and outcomes as it would write them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import connection

from subscriptions.delivery import outbox
from subscriptions.delivery.outbox import Claimed, Outcome

STARTED_AT = 1_800_000_000.0


def claim(limit: int = 100, window: int = 100, **more: Any) -> list[Claimed]:
    return outbox.claim(token=uuid4(), lease=60.0, limit=limit, window=window, windows={}, **more).rows


def delivered(job: Claimed) -> Outcome:
    return Outcome(job, "delivered", 0.0, "", STARTED_AT, 5, [], 200, [], b"", False, "", "")


def failed(job: Claimed, *, wait: float = 5.0, status: int = 500, **more: Any) -> Outcome:
    return Outcome(
        job, "pending", wait, "It broke.", STARTED_AT, 5, [], status, [], b"", False, "", "It broke.", **more
    )


def end_leases() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscriptions_delivery SET due_at = now() - interval '1 s' WHERE claim IS NOT NULL")
