"""All SQL of the outbox: claim, finish, hand back, release, when next.

Invariants
- A claim counts the attempt, sets the lease and marks the row with the drain's token in one statement; it is committed
  before the first byte is sent. A crash therefore costs a counted attempt and the rest of the lease, never a delivery.
- Only the holder of the token writes an outcome. A drain that comes back after its lease ended, when another holds the
  row, adds its attempt to the log and changes nothing else.
- A row whose lease ended unfinished gets an attempt in the log that says so, in the claim that takes it again.
- All times are the database's.
- At most `window` rows of an endpoint are claimed at a time, by all drains together: claims are made one after the
  other, under a transaction's advisory lock, so each sees the claims before it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

CLAIM_LOCK = 0x43484B43  # "CHKC": one claim at a time

_CLAIM = """
WITH RECURSIVE endpoint (id) AS (
    (SELECT subscription_id FROM subscriptions_delivery
      WHERE state = 'pending' AND subscription_id > %(after)s ORDER BY subscription_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.subscription_id FROM subscriptions_delivery d
             WHERE d.state = 'pending' AND d.subscription_id > endpoint.id ORDER BY d.subscription_id LIMIT 1)
      FROM endpoint WHERE endpoint.id IS NOT NULL
), windows (id, size) AS (
    SELECT * FROM unnest(%(endpoints)s::bigint[], %(windows)s::int[])
), picked AS MATERIALIZED (
    SELECT due.id, due.claim AS lost_claim
      FROM endpoint
      JOIN subscriptions_subscription s ON s.id = endpoint.id AND s.state = 'active'
      LEFT JOIN windows ON windows.id = endpoint.id
     CROSS JOIN LATERAL (
        SELECT d.id, d.claim FROM subscriptions_delivery d
         WHERE d.subscription_id = endpoint.id AND d.state = 'pending' AND d.due_at <= clock_timestamp()
         ORDER BY d.due_at
         LIMIT greatest(0, coalesce(windows.size, %(window)s)
               - (SELECT count(*) FROM subscriptions_delivery f WHERE f.subscription_id = endpoint.id
                   AND f.claim IS NOT NULL AND f.due_at > clock_timestamp()))
           FOR UPDATE SKIP LOCKED
     ) due
     LIMIT %(limit)s
), lost AS (
    INSERT INTO subscriptions_attempt
           (delivery_id, number, outcome, started_at, url, request_headers, response_headers, response_body,
            response_truncated, error, message)
    SELECT d.id, d.attempts, 'lost', d.due_at - make_interval(secs => %(lease)s), s.url, '[]', '[]', '', false, 'lost',
           'The worker stopped before the answer was recorded; the request may have arrived.'
      FROM picked
      JOIN subscriptions_delivery d ON d.id = picked.id AND picked.lost_claim IS NOT NULL
      JOIN subscriptions_subscription s ON s.id = d.subscription_id
        ON CONFLICT (delivery_id, number) DO NOTHING
)
UPDATE subscriptions_delivery d
   SET attempts = d.attempts + 1, claim = %(token)s, due_at = clock_timestamp() + make_interval(secs => %(lease)s)
  FROM subscriptions_event e, subscriptions_subscription s, subscriptions_company c
 WHERE d.id = ANY (ARRAY(SELECT id FROM picked))
   AND e.id = d.event_id AND s.id = d.subscription_id AND c.id = d.company_id
RETURNING d.id, d.subscription_id, d.attempts, d.round_began_after, e.id, e.type, e.sequence, e.body, s.url, s.secret,
          CASE WHEN s.previous_secret_until > clock_timestamp() THEN s.previous_secret ELSE '' END, c.signing_key,
          extract(epoch FROM clock_timestamp())::float8
"""

_FINISH = """
WITH outcome AS (
    SELECT * FROM unnest(
        %s::bigint[], %s::uuid[], %s::int[], %s::text[], %s::float8[], %s::text[], %s::float8[], %s::int[], %s::text[],
        %s::jsonb[], %s::int[], %s::jsonb[], %s::bytea[], %s::bool[], %s::text[], %s::text[]
    ) AS o (id, claim, number, state, wait, reason, started_at, duration_ms, url,
            request_headers, status_code, response_headers, response_body, truncated, error, message)
), logged AS (
    INSERT INTO subscriptions_attempt
           (delivery_id, number, outcome, started_at, duration_ms, url, request_headers, status_code, response_headers,
            response_body, response_truncated, error, message)
    SELECT o.id, o.number, CASE o.state WHEN 'delivered' THEN 'delivered' ELSE 'failed' END, to_timestamp(o.started_at),
           o.duration_ms, o.url, o.request_headers, o.status_code, o.response_headers, o.response_body, o.truncated,
           o.error, o.message
      FROM outcome o
        ON CONFLICT (delivery_id, number) DO UPDATE SET
           outcome = excluded.outcome, started_at = excluded.started_at, duration_ms = excluded.duration_ms,
           request_headers = excluded.request_headers, status_code = excluded.status_code,
           response_headers = excluded.response_headers, response_body = excluded.response_body,
           response_truncated = excluded.response_truncated, error = excluded.error, message = excluded.message
         WHERE subscriptions_attempt.outcome = 'lost'
)
UPDATE subscriptions_delivery d
   SET state = CASE WHEN o.state = 'pending' AND s.state <> 'active' THEN 'held' ELSE o.state END,
       due_at = CASE WHEN o.state = 'pending' AND s.state = 'active'
                     THEN clock_timestamp() + make_interval(secs => o.wait) END,
       finished_at = CASE WHEN o.state <> 'pending' THEN clock_timestamp() END,
       reason = CASE WHEN o.state = 'pending' AND s.state <> 'active' THEN 'The subscription is ' || s.state || '.'
                     ELSE o.reason END,
       claim = NULL, status_code = o.status_code
  FROM outcome o, subscriptions_subscription s
 WHERE d.id = o.id AND d.claim = o.claim AND s.id = d.subscription_id
RETURNING d.id
"""

_HAND_BACK = """
UPDATE subscriptions_delivery d SET attempts = d.attempts - 1, claim = NULL, due_at = clock_timestamp()
  FROM unnest(%s::bigint[], %s::uuid[]) AS o (id, claim)
 WHERE d.id = o.id AND d.claim = o.claim
"""

_NEXT_DUE = """
WITH RECURSIVE endpoint (id) AS (
    (SELECT subscription_id FROM subscriptions_delivery WHERE state = 'pending' ORDER BY subscription_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.subscription_id FROM subscriptions_delivery d
             WHERE d.state = 'pending' AND d.subscription_id > endpoint.id ORDER BY d.subscription_id LIMIT 1)
      FROM endpoint WHERE endpoint.id IS NOT NULL
)
SELECT extract(epoch FROM min(first.due_at) - clock_timestamp())::float8
  FROM endpoint CROSS JOIN LATERAL (
    SELECT d.due_at FROM subscriptions_delivery d
     WHERE d.subscription_id = endpoint.id AND d.state = 'pending' ORDER BY d.due_at LIMIT 1) first
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that is ours to send until its lease ends."""

    id: int
    endpoint: int  # the subscription's id
    attempt: int
    round_began_after: int
    event_id: UUID
    event_type: str
    sequence: int
    body: bytes
    url: str
    secret: str  # still encrypted, as are the next two
    previous_secret: str
    signing_key: str
    database_time: float  # seconds since 1970 by the database's clock when the claim was made
    token: UUID


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt. `state` is delivered, failed, or pending: then `wait` seconds until the next."""

    claimed: Claimed
    state: str
    wait: float
    reason: str
    started_at: float
    duration_ms: int
    request_headers: list[tuple[str, str]]
    status_code: int | None
    response_headers: list[tuple[str, str]]
    response_body: bytes
    truncated: bool
    error: str
    message: str


def claim(
    *, token: UUID, lease: float, limit: int, window: int, windows: Mapping[int, int], after: int = 0
) -> list[Claimed]:
    """Claim up to `limit` due rows for `lease` seconds, endpoints in turn from the one after `after`, at most its
    window for each."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
        cursor.execute(
            _CLAIM,
            {
                "after": after,
                "endpoints": list(windows),
                "windows": list(windows.values()),
                "window": window,
                "limit": limit,
                "lease": lease,
                "token": token,
            },
        )
        return [_claimed(row, token) for row in cursor.fetchall()]


def _claimed(row: tuple[Any, ...], token: UUID) -> Claimed:
    values: list[Any] = [*row, token]
    return Claimed(*values)


def finish(outcomes: Sequence[Outcome]) -> set[int]:
    """Write outcomes and their attempts. Returns the ids that still were ours; the others' leases had ended."""
    columns = [
        (
            o.claimed.id,
            o.claimed.token,
            o.claimed.attempt,
            o.state,
            o.wait,
            o.reason,
            o.started_at,
            o.duration_ms,
            o.claimed.url,
            json.dumps(o.request_headers),
            o.status_code,
            json.dumps(o.response_headers),
            o.response_body,
            o.truncated,
            o.error,
            o.message,
        )
        for o in outcomes
    ]
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, [list(column) for column in zip(*columns, strict=True)])
        return {row[0] for row in cursor.fetchall()}


def hand_back(claimed: Sequence[Claimed]) -> None:
    """Give back what was claimed and not sent: due at once, the attempt not counted."""
    with connection.cursor() as cursor:
        cursor.execute(_HAND_BACK, [[c.id for c in claimed], [c.token for c in claimed]])


def seconds_to_next() -> float | None:
    """Seconds until the next row falls due (negative: overdue), None when nothing is pending."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_DUE)
        return cursor.fetchone()[0]


def oldest_due_seconds() -> float:
    """How long the oldest due row has been waiting for a claim, in seconds; 0 when none waits."""
    return max(0.0, -(seconds_to_next() or 0.0))


def hold_inactive() -> int:
    """Hold what is still pending for subscriptions that are not active, except what a drain is sending right now.

    Pausing does this by itself; this is the sweep for rows whose drain died meanwhile. Returns how many were held."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscriptions_delivery d SET state = 'held', due_at = NULL, claim = NULL, "
            "reason = 'The subscription is ' || s.state || '.' FROM subscriptions_subscription s "
            "WHERE s.id = d.subscription_id AND s.state <> 'active' AND d.state = 'pending' "
            "AND (d.claim IS NULL OR d.due_at <= clock_timestamp())"
        )
        return cursor.rowcount
