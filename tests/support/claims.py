"""Playing a drain by hand: claims, and outcomes as it would write them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import connection

from subscriptions.delivery import outbox
from subscriptions.delivery.outbox import Claim, Claimed, Finished, Limits, Outcome, Position

STARTED_AT = 1_800_000_000.0
LEASE = 60.0


def claim(limit: int = 100, window: int = 100, **more: Any) -> list[Claimed]:
    return one_claim(limit, window, **more).rows


def one_claim(limit: int = 100, window: int = 100, *, position: Position | None = None, **more: Any) -> Claim:
    limits = Limits(rows=limit, window=window, **more)
    return outbox.claim(token=uuid4(), lease=LEASE, limits=limits, position=position or Position())


def batches(**more: Any) -> list[Claimed]:
    """What leads the requests that a drain would send now, with all that goes along."""
    jobs = claim(**more)
    outbox.gather(jobs, lease=LEASE)
    return jobs


def delivered(job: Claimed) -> Outcome:
    return Outcome(job, "delivered", 0.0, "", STARTED_AT, 5, [], 200, [], b"", False, "", "")


def failed(job: Claimed, *, wait: float = 5.0, status: int = 500, **more: Any) -> Outcome:
    return Outcome(
        job, "pending", wait, "It broke.", STARTED_AT, 5, [], status, [], b"", False, "", "It broke.", **more
    )


def finish(*outcomes: Outcome) -> Finished:
    """As a drain does it, with what follows in the order of a call."""
    ours = outbox.finish(outcomes)
    outbox.follow([outcome.claimed.id for outcome in outcomes])
    return ours


def end_leases() -> None:
    """The leases that are out have ended, and a drain has seen it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscriptions_delivery SET due_at = now() - interval '1 s' WHERE claim IS NOT NULL")
    outbox.stage()


def all_due() -> None:
    """The time of all that waits has come, and a drain has seen it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscriptions_endpointqueue SET ready_at = now() - interval '1 s'")
        cursor.execute(
            "UPDATE subscriptions_delivery SET due_at = now() - interval '1 s' "
            "WHERE claim IS NULL AND state = 'pending' AND stage = 0"
        )
    outbox.stage()
