"""Which due rows a drain gets: fair among endpoints, within each endpoint's window, rate, breaker and order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from .cursors import bound_cursor
from .rows import Claimed

CLAIM_LOCK = 0x43484B43  # "CHKC": one claim at a time
# Endpoints looked at in one claim; with more that have something pending, the next claim goes on behind them.
ENDPOINTS_PER_CLAIM = 500
# Rows looked at for each one that is taken, when many endpoints have more than enough: their shares of the limit are
# even then, and to sort all of their windows would cost more than the claim.
CANDIDATES = 4
# A request in flight for longer than this makes its endpoint one that may not take the last threads.
STUCK_SECONDS = 1.0
# Of an endpoint's turns, the part that goes to retries and resends while first tries are waiting too.
LATE_SHARE = 0.25

# The planner thinks in yesterday's numbers of rows. An outbox is empty or full from one second to the next: whatever
# it thinks, the few rows of interest are found by an index, and not by a look at all that is pending. To think anew for
# every claim would take a fifth of its time (`forget_plans`).
_BEGIN = """
SELECT pg_advisory_xact_lock(%s),
       set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('plan_cache_mode', 'force_generic_plan', true)
"""

# Trust in an endpoint: 0 it fails, or has a request stuck; 1 nothing is known of it; 2 it answered well lately. Those
# of 0 and 1 get no more rows than `allowed` says, so that whatever hangs, the others find a thread.
_CLAIM = """
WITH RECURSIVE waiting (id) AS (
    (SELECT subscription_id FROM subscriptions_delivery
      WHERE state = 'pending' AND subscription_id > %(after)s ORDER BY subscription_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.subscription_id FROM subscriptions_delivery d
             WHERE d.state = 'pending' AND d.subscription_id > waiting.id ORDER BY d.subscription_id LIMIT 1)
      FROM waiting WHERE waiting.id IS NOT NULL
), considered AS MATERIALIZED (
    SELECT id FROM waiting WHERE id IS NOT NULL LIMIT %(endpoints_per_claim)s
), windows (id, size) AS (
    SELECT * FROM unnest(%(endpoints)s::bigint[], %(windows)s::int[])
), endpoint AS MATERIALIZED (
    SELECT considered.id, s.ordered, s.rate_per_minute,
           least(
               CASE WHEN h.opened > 0 THEN 1 ELSE coalesce(windows.size, %(window)s) END - flying.number,
               -- The clock is looked at twice, microseconds apart: a whole second's worth must not become one less.
               CASE WHEN s.rate_per_minute IS NOT NULL THEN floor(0.01 +
                   extract(epoch FROM clock_timestamp() - greatest(h.rate_used_until, clock_timestamp() - rate.burst))
                   * s.rate_per_minute / 60.0
                   + CASE WHEN s.rate_per_minute < 60 AND coalesce(h.rate_used_until <= clock_timestamp(), true)
                          THEN 1 ELSE 0 END) END
           ) AS room,
           rate.burst,
           CASE WHEN h.failing_since IS NOT NULL
                  OR flying.since < clock_timestamp() - make_interval(secs => %(stuck)s) THEN 0
                WHEN h.last_success_at > clock_timestamp() - interval '10 min' THEN 2
                ELSE 1 END AS trust
      FROM considered
      JOIN subscriptions_subscription s ON s.id = considered.id AND s.state = 'active'
      LEFT JOIN subscriptions_endpointhealth h ON h.subscription_id = considered.id
      LEFT JOIN windows ON windows.id = considered.id
     CROSS JOIN LATERAL (
        SELECT count(*)::int AS number, min(f.due_at) - make_interval(secs => %(lease)s) AS since
          FROM subscriptions_delivery f
         WHERE f.subscription_id = considered.id AND f.claim IS NOT NULL AND f.due_at > clock_timestamp()
     ) flying
     -- A second's worth may go at once; of less than one a second, one at a time.
     CROSS JOIN LATERAL (
        SELECT CASE WHEN s.rate_per_minute < 60 THEN interval '0' ELSE interval '1 s' END AS burst) rate
     WHERE coalesce(h.open_until <= clock_timestamp(), true)
), candidate AS MATERIALIZED (
    SELECT endpoint.id AS endpoint, endpoint.room, endpoint.trust, lanes.lane, due.id, due.place
      FROM endpoint
     CROSS JOIN (VALUES (0), (1)) AS lanes (lane)
     CROSS JOIN LATERAL (
        SELECT first.id, row_number() OVER (ORDER BY first.due_at) AS place
          FROM (SELECT d.id, d.due_at FROM subscriptions_delivery d
                 WHERE d.subscription_id = endpoint.id AND d.lane = lanes.lane AND d.state = 'pending'
                   AND d.due_at <= clock_timestamp()
                   AND (NOT endpoint.ordered OR NOT EXISTS (
                        SELECT 1 FROM subscriptions_event e
                          JOIN subscriptions_event p ON p.subject_id = e.subject_id AND p.sequence < e.sequence
                          JOIN subscriptions_delivery b ON b.event_id = p.id AND b.subscription_id = endpoint.id
                         WHERE e.id = d.event_id AND b.state IN ('pending', 'held')
                        OFFSET 0))  -- row by row: not once for the endpoint's whole backlog
                 ORDER BY d.due_at LIMIT least(endpoint.room, %(share)s / (SELECT count(*) FROM endpoint) + %(window)s)
          ) first
     ) due
     WHERE endpoint.room > 0
), chosen AS MATERIALIZED (
    SELECT id FROM (
        SELECT ranked.*, row_number() OVER (PARTITION BY trust ORDER BY turn, endpoint) AS place FROM (
            SELECT id, endpoint, room, trust, row_number() OVER (
                   PARTITION BY endpoint
                   ORDER BY CASE lane WHEN 0 THEN place / (1 - %(late_share)s::float8)
                                      ELSE (place - random()) / %(late_share)s::float8 END
                   ) AS turn
              FROM candidate) ranked
         WHERE turn <= room) in_turn
     WHERE place <= CASE trust WHEN 0 THEN %(failing_allowed)s WHEN 1 THEN %(unknown_allowed)s ELSE %(limit)s END
     ORDER BY turn, endpoint
     LIMIT %(limit)s
), locked AS MATERIALIZED (
    SELECT d.id, d.claim AS lost_claim FROM subscriptions_delivery d
     WHERE d.id = ANY (ARRAY(SELECT id FROM chosen)) AND d.due_at <= clock_timestamp()  -- which only pending ones have
       FOR UPDATE SKIP LOCKED
), lost AS (
    INSERT INTO subscriptions_attempt
           (delivery_id, number, outcome, started_at, url, request_headers, response_headers, response_body,
            response_truncated, error, message)
    SELECT d.id, d.attempts, 'lost', d.due_at - make_interval(secs => %(lease)s), s.url, '[]', '[]', '', false, 'lost',
           'The worker stopped before the answer was recorded; the request may have arrived.'
      FROM locked
      JOIN subscriptions_delivery d ON d.id = locked.id AND locked.lost_claim IS NOT NULL
      JOIN subscriptions_subscription s ON s.id = d.subscription_id
        ON CONFLICT (delivery_id, number) DO NOTHING
), claimed AS (
    UPDATE subscriptions_delivery d
       SET attempts = d.attempts + 1, claim = %(token)s, due_at = clock_timestamp() + make_interval(secs => %(lease)s)
      FROM subscriptions_event e, subscriptions_subscription s, subscriptions_company c
     WHERE d.id = ANY (ARRAY(SELECT id FROM locked))
       AND e.id = d.event_id AND s.id = d.subscription_id AND c.id = d.company_id
    RETURNING d.id, d.subscription_id, d.attempts, d.round_began_after, e.id AS event_id, e.type, e.sequence, e.body,
              s.url, s.secret, CASE WHEN s.previous_secret_until > clock_timestamp() THEN s.previous_secret ELSE '' END,
              c.signing_key, s.custom_headers, s.auth_user, s.auth_password, s.auth_token, s.client_certificate,
              (SELECT trust FROM endpoint WHERE endpoint.id = s.id),
              extract(epoch FROM clock_timestamp() - e.created_at)::float8,
              extract(epoch FROM clock_timestamp())::float8
), rate_used AS (
    INSERT INTO subscriptions_endpointhealth AS h
           (subscription_id, window_began, window_good, window_bad, opened, last_failure, rate_used_until)
    SELECT endpoint.id, clock_timestamp(), 0, 0, 0, '',
           clock_timestamp() + make_interval(secs => (60.0 / endpoint.rate_per_minute) * count(*))
      FROM claimed JOIN endpoint ON endpoint.id = claimed.subscription_id AND endpoint.rate_per_minute IS NOT NULL
     GROUP BY endpoint.id, endpoint.rate_per_minute
        ON CONFLICT (subscription_id) DO UPDATE SET rate_used_until =
           greatest(h.rate_used_until, clock_timestamp() - (SELECT burst FROM endpoint WHERE id = h.subscription_id))
           + (excluded.rate_used_until - clock_timestamp())
)
SELECT (SELECT CASE WHEN count(*) >= %(endpoints_per_claim)s THEN max(id) ELSE 0 END FROM considered), claimed.*
  FROM (SELECT 1) one LEFT JOIN claimed ON true
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """`reached`: the endpoint to go on behind, 0 when every one with something pending was looked at."""

    rows: list[Claimed]
    reached: int


def claim(
    *,
    token: UUID,
    lease: float,
    limit: int,
    window: int,
    windows: Mapping[int, int],
    after: int = 0,
    allowed: tuple[int, int] = (1000, 1000),
) -> Claim:
    """Claim up to `limit` due rows for `lease` seconds, of endpoints behind `after`, at most its window for each
    (`window` where `windows` does not name it), of failing and of unknown endpoints at most `allowed`."""
    with transaction.atomic(), bound_cursor() as cursor:
        cursor.execute(_BEGIN, [CLAIM_LOCK])
        cursor.execute(
            _CLAIM,
            {
                "after": after,
                "endpoints": list(windows),
                "windows": list(windows.values()),
                "window": window,
                "limit": limit,
                "share": limit * CANDIDATES,
                "lease": lease,
                "token": token,
                "failing_allowed": allowed[0],
                "unknown_allowed": allowed[1],
                "stuck": STUCK_SECONDS,
                "late_share": LATE_SHARE,
                "endpoints_per_claim": ENDPOINTS_PER_CLAIM,
            },
        )
        found = cursor.fetchall()
    return Claim([_claimed(row, token) for row in found if row[1] is not None], found[0][0])


def _claimed(row: tuple[Any, ...], token: UUID) -> Claimed:
    return Claimed(*(*row[1:], token))
