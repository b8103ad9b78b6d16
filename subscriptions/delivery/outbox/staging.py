"""What waits becomes available: rows whose time has come, and leases that ended. One step for many rows, so that no
claim looks at what is not yet due."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.db import connection, transaction

from .cursors import CLAIM_LOCK, alone_by_index, by_index

# Rows of one step: some tens of milliseconds.
STAGED_AT_ONCE = 2000

# Available for so long, a row has lost its wake-up; a younger one's is on its way, or waits with others for a claim.
UNCLAIMED_SECONDS = 0.25

# Each of them a look at the first entry of an index; of leases there are only as many as requests under way, and of
# young rows those of a quarter of a second.
_LOOK = f"""
SELECT EXISTS (SELECT FROM subscriptions_delivery WHERE state = 'pending' AND stage = 1
                  AND due_at <= statement_timestamp() - interval '{UNCLAIMED_SECONDS} s'),
       extract(epoch FROM (SELECT min(ready_at) FROM subscriptions_endpointqueue) - clock_timestamp())::float8,
       extract(epoch FROM (SELECT due_at FROM subscriptions_delivery
                            WHERE state = 'pending' AND stage = 0 AND claim IS NULL
                            ORDER BY due_at LIMIT 1) - clock_timestamp())::float8,
       EXISTS (SELECT FROM subscriptions_delivery WHERE claim IS NOT NULL AND stage = 0
                  AND due_at <= statement_timestamp()),
       EXISTS (SELECT FROM subscriptions_delivery WHERE state = 'pending' AND stage = 3)
"""

# What is due for an endpoint that can take nothing is parked at once.
_STAGE = """
WITH due AS MATERIALIZED (
    SELECT id, subscription_id AS endpoint FROM subscriptions_delivery
     WHERE state = 'pending' AND stage = 0 AND claim IS NULL AND due_at <= statement_timestamp()
     ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
), unready AS MATERIALIZED (
    SELECT e.endpoint, greatest(h.open_until, q.ready_at) AS until
      FROM (SELECT DISTINCT endpoint FROM due) e
      LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = e.endpoint
      LEFT JOIN subscriptions_endpointqueue q ON q.subscription_id = e.endpoint
     WHERE greatest(h.open_until, q.ready_at) > statement_timestamp()
), queued AS (
    INSERT INTO subscriptions_endpointqueue (subscription_id, ready_at) SELECT endpoint, until FROM unready
        ON CONFLICT (subscription_id) DO NOTHING
)
UPDATE subscriptions_delivery d
   SET stage = CASE WHEN due.endpoint IN (SELECT endpoint FROM unready) THEN 2 ELSE 1 END
  FROM due WHERE d.id = ANY (ARRAY(SELECT id FROM due)) AND d.id = due.id
RETURNING d.stage
"""

_STAGE_LOST = """
UPDATE subscriptions_delivery SET stage = 1
 WHERE id = ANY (ARRAY(
    SELECT id FROM subscriptions_delivery
     WHERE claim IS NOT NULL AND stage = 0 AND due_at <= statement_timestamp() LIMIT %s FOR UPDATE SKIP LOCKED))
RETURNING stage
"""

_READY = """
UPDATE subscriptions_endpointqueue SET ready_at = clock_timestamp()
 WHERE subscription_id = ANY (%s) AND ready_at > clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Look:
    """`available`: a claim may find something. Seconds until an endpoint in the queue is ready and until the next row
    is due, negative when one is; None when nothing waits. `lost`: a lease ended. `tests`: a test event to a paused
    subscription."""

    available: bool
    ready_seconds: float | None
    due_seconds: float | None
    lost: bool
    tests: bool

    @property
    def to_stage(self) -> bool:
        return self.lost or (self.due_seconds is not None and self.due_seconds <= 0)

    @property
    def to_claim(self) -> bool:
        return self.available or (self.ready_seconds is not None and self.ready_seconds <= 0)

    @property
    def next_seconds(self) -> float | None:
        """Until there is something to do, None when nothing waits."""
        if self.available or self.lost:
            return 0.0
        return min((s for s in (self.ready_seconds, self.due_seconds) if s is not None), default=None)


def look() -> Look:
    (found,) = alone_by_index(_LOOK, [])
    return Look(*found)


def stage(limit: int = STAGED_AT_ONCE) -> int:
    """Make available up to `limit` rows that are due, and as many whose lease ended. Returns how many can be claimed
    now."""
    staged, lost = by_index((_STAGE, [limit]), (_STAGE_LOST, [limit]), locked=True)
    return sum(1 for (stage,) in staged if stage == 1) + len(lost)


def make_ready(endpoints: Iterable[int]) -> None:
    """These endpoints may be able to take something again, when the current transaction has committed: the next claim
    looks. Claims wait for it, so that none that saw the endpoint as it was puts it off afterwards."""
    transaction.on_commit(partial(_make_ready, sorted(endpoints)))


def _make_ready(endpoints: list[int]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
        cursor.execute(_READY, [endpoints])
