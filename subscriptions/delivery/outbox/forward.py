"""What waits for a later try is made due now.

Invariants
- Only rows that wait are touched: a row in a drain's hands keeps its lease, a finished one stays finished.
- A row that is due already is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from .staging import make_ready

# By the index of what is pending of an endpoint, soonest first.
_BRING_FORWARD = """
WITH asked AS (
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::bool[], %s::bool[]) AS a (id, most, once, free)
), chosen AS MATERIALIZED (
    SELECT waits.id, asked.once, asked.free
      FROM asked
     CROSS JOIN LATERAL (
        SELECT d.id FROM subscriptions_delivery d
         WHERE d.subscription_id = asked.id AND d.lane = 1 AND d.state = 'pending' AND d.claim IS NULL
           AND d.due_at > clock_timestamp() AND NOT (asked.once AND d.forwarded)
         ORDER BY d.due_at LIMIT asked.most FOR NO KEY UPDATE SKIP LOCKED) waits
), moved AS (
    UPDATE subscriptions_delivery d
       SET stage = 1, due_at = clock_timestamp(), forwarded = d.forwarded OR chosen.once,
           round_began_after = least(d.attempts, d.round_began_after + CASE WHEN chosen.free THEN 1 ELSE 0 END)
      FROM chosen WHERE d.id = chosen.id
    RETURNING d.subscription_id
)
SELECT subscription_id, count(*) FROM moved GROUP BY 1
"""

_SEND_NOW = """
WITH chosen AS MATERIALIZED (
    SELECT d.id FROM subscriptions_delivery d
      JOIN subscriptions_subscription s ON s.id = d.subscription_id AND s.state = 'active'
     WHERE d.id = ANY (%s) AND d.state = 'pending' AND d.claim IS NULL
     ORDER BY d.id FOR NO KEY UPDATE OF d
), moved AS (
    UPDATE subscriptions_delivery d
       SET stage = 1, due_at = clock_timestamp(),
           round_began_after = least(d.attempts, d.round_began_after + 1)
     WHERE d.id = ANY (ARRAY(SELECT id FROM chosen)) AND d.due_at > clock_timestamp()
    RETURNING d.id
)
SELECT (SELECT count(*) FROM chosen), array(SELECT DISTINCT d.subscription_id FROM subscriptions_delivery d
                                             WHERE d.id = ANY (ARRAY(SELECT id FROM chosen)))
"""

_TRY_AT_ONCE = """
UPDATE subscriptions_endpointhealth SET open_until = clock_timestamp(), retry_after_until = NULL
 WHERE subscription_id = ANY (%s) AND open_until > clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to `most` rows of an endpoint. `once`: only those that were not brought forward so before in this round of
    their schedule. `free`: the attempt that follows costs none of the schedule."""

    endpoint: int
    most: int
    once: bool = False
    free: bool = False


def bring_forward(batches: Sequence[Batch]) -> dict[int, int]:
    """Make retries that wait for a time due now, soonest first. Returns how many there were, by endpoint."""
    columns: list[Any] = [
        [batch.endpoint for batch in batches],
        [batch.most for batch in batches],
        [batch.once for batch in batches],
        [batch.free for batch in batches],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_BRING_FORWARD, columns)
        return dict(cursor.fetchall())


def send_now(deliveries: Sequence[int]) -> int:
    """Make these due now, as far as they wait for an active subscription; the attempt costs none of the schedule. Where
    an endpoint is left alone, one goes at once. Returns how many waited."""
    with connection.cursor() as cursor:
        cursor.execute(_SEND_NOW, [list(deliveries)])
        count, endpoints = cursor.fetchone()
    try_at_once(endpoints)
    return int(count)


def try_at_once(endpoints: Sequence[int]) -> None:
    """End the time for which endpoints are left alone: one delivery is tried; when it arrives, the others follow."""
    if endpoints:
        with connection.cursor() as cursor:
            cursor.execute(_TRY_AT_ONCE, [list(endpoints)])
        make_ready(endpoints)
