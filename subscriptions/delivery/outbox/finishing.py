"""What a drain writes back: outcomes with their attempts, in one statement for a batch; and what it did not get to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple

from django.db import transaction

from .arrays import blobs, booleans, numbers, pairs, texts, uuids
from .cursors import bound_cursor
from .rows import Claimed, Outcome

_FINISH = """
WITH outcome AS (
    SELECT * FROM unnest(
        %s::bigint[], %s::bigint[], %s::uuid[], %s::int[], %s::text[], %s::float8[], %s::text[], %s::bool[],
        %s::float8[], %s::int[], %s::text[], %s::jsonb[], %s::int[], %s::jsonb[], %s::bytea[], %s::bool[], %s::text[],
        %s::text[], %s::uuid[]
    ) AS o (id, endpoint, claim, number, state, wait, reason, free, started_at, duration_ms,
            url, request_headers, status_code, response_headers, response_body, truncated, error, message, batch)
), logged AS (
    INSERT INTO subscriptions_attempt
           (delivery_id, number, outcome, started_at, duration_ms, url, request_headers, status_code, response_headers,
            response_body, response_truncated, error, message, batch)
    SELECT o.id, o.number, CASE o.state WHEN 'delivered' THEN 'delivered' ELSE 'failed' END, to_timestamp(o.started_at),
           o.duration_ms, o.url, o.request_headers, o.status_code, o.response_headers, o.response_body, o.truncated,
           o.error, o.message, o.batch
      FROM outcome o JOIN subscriptions_delivery d ON d.id = o.id  -- one that was deleted meanwhile has no log
        ON CONFLICT (delivery_id, number) DO UPDATE SET
           outcome = excluded.outcome, started_at = excluded.started_at, duration_ms = excluded.duration_ms,
           request_headers = excluded.request_headers, status_code = excluded.status_code,
           response_headers = excluded.response_headers, response_body = excluded.response_body,
           response_truncated = excluded.response_truncated, error = excluded.error, message = excluded.message,
           batch = excluded.batch
         WHERE subscriptions_attempt.outcome = 'lost'
), ready AS (
    -- An endpoint that was full has room again. By an array, which leads to the key: joined, all the queue is read.
    UPDATE subscriptions_endpointqueue q SET ready_at = clock_timestamp()
     WHERE q.subscription_id = ANY (ARRAY(SELECT endpoint FROM outcome)) AND q.ready_at > clock_timestamp()
    RETURNING q.subscription_id
)
UPDATE subscriptions_delivery d
   SET state = CASE WHEN o.state = 'pending' AND s.state = 'archived' THEN 'cancelled'
                    WHEN o.state = 'pending' AND s.state <> 'active' THEN 'held' ELSE o.state END,
       due_at = CASE WHEN o.state = 'pending' AND s.state = 'active'
                     THEN clock_timestamp() + make_interval(secs => o.wait) END,
       lane = 1, stage = 0,
       round_began_after = d.round_began_after + CASE WHEN o.free THEN 1 ELSE 0 END,
       finished_at = CASE WHEN o.state <> 'pending' OR s.state = 'archived' THEN clock_timestamp() END,
       reason = CASE WHEN o.state = 'pending' AND s.state = 'archived' THEN 'The subscription was removed.'
                     WHEN o.state = 'pending' AND s.state <> 'active' THEN 'The subscription is ' || s.state || '.'
                     ELSE o.reason END,
       claim = NULL, status_code = o.status_code
  FROM outcome o, subscriptions_subscription s
 WHERE d.id = ANY (ARRAY(SELECT id FROM outcome))  -- the planner takes the primary key, however small the table was
   AND d.id = o.id AND (d.claim = o.claim) IS TRUE  -- said so that no partial index looks better than the key
   AND s.id = d.subscription_id
RETURNING d.id, EXISTS (SELECT FROM ready)
"""

_FOLLOW = """
UPDATE subscriptions_delivery SET stage = 1, due_at = clock_timestamp()
 WHERE state = 'pending' AND stage = 0 AND claim IS NULL AND attempts = 0 AND id = ANY (ARRAY(
    SELECT next.id
      FROM subscriptions_delivery d
      JOIN subscriptions_subscription s ON s.id = d.subscription_id AND s.ordered
      JOIN subscriptions_event e ON e.id = d.event_id
     CROSS JOIN LATERAL (
        SELECT n.id FROM (SELECT id, sequence FROM subscriptions_event later
                           WHERE later.subject_id = e.subject_id AND later.sequence > e.sequence
                           ORDER BY later.sequence OFFSET 0) later
         CROSS JOIN LATERAL (
            SELECT id FROM subscriptions_delivery
             WHERE event_id = later.id AND subscription_id + 0 = d.subscription_id AND state IN ('pending', 'held')
            OFFSET 0) n
         ORDER BY later.sequence LIMIT 1) next
     WHERE d.id = ANY (%s::bigint[])))
"""

_HAND_BACK = """
UPDATE subscriptions_delivery d SET attempts = d.attempts - 1, claim = NULL, stage = o.stage,
       -- A first try keeps its place in the queue; going to its end again and again could make it wait for minutes.
       due_at = CASE d.lane WHEN 0 THEN d.created_at ELSE clock_timestamp() END
  FROM unnest(%s::bigint[], %s::uuid[], %s::int[]) AS o (id, claim, stage)
 WHERE d.id = o.id AND d.claim = o.claim
"""


# Given up, and somebody wants to know: an alert destination, or a subscription that asks for such events. The types of
# events about webhooks have a dot: nothing is told of these, or each would cause another.
_NOTE_GIVEN_UP = """
INSERT INTO subscriptions_givenupdelivery (delivery_id)
SELECT d.id
  FROM subscriptions_delivery d
  JOIN subscriptions_event e ON e.id = d.event_id AND NOT e.test AND position('.' IN e.type) = 0
 WHERE d.id = ANY (%s::bigint[]) AND d.state = 'failed'
   AND (EXISTS (SELECT FROM subscriptions_alertdestination a
                 WHERE a.company_id = d.company_id AND a.active AND 'given_up' = ANY (a.alerts))
        OR EXISTS (SELECT FROM subscriptions_subscription s
                    WHERE s.company_id = d.company_id AND s.state <> 'archived'
                      AND 'delivery.given_up' = ANY (s.events)))
    ON CONFLICT DO NOTHING
"""


class Finished(NamedTuple):
    """`ids`: the deliveries that still were ours; the others' leases had ended. `ready`: an endpoint that was put off
    because it had as much under way as it may has room again."""

    ids: set[int]
    ready: bool


def finish(outcomes: Sequence[Outcome]) -> Finished:
    """Write outcomes and their attempts."""
    claimed = [outcome.claimed for outcome in outcomes]
    columns = [
        numbers(c.id for c in claimed),
        numbers(c.endpoint for c in claimed),
        uuids(c.token for c in claimed),
        numbers(c.attempt for c in claimed),
        texts(o.state for o in outcomes),
        numbers(o.wait for o in outcomes),
        texts(o.reason for o in outcomes),
        booleans(o.free for o in outcomes),
        numbers(o.started_at for o in outcomes),
        numbers(o.duration_ms for o in outcomes),
        texts(c.url for c in claimed),
        pairs(o.request_headers for o in outcomes),
        numbers(o.status_code for o in outcomes),
        pairs(o.response_headers for o in outcomes),
        blobs(o.response_body for o in outcomes),
        booleans(o.truncated for o in outcomes),
        texts(o.error for o in outcomes),
        texts(o.message for o in outcomes),
        uuids(c.together.id if c.together else None for c in claimed),
    ]
    given_up = [outcome.claimed.id for outcome in outcomes if outcome.state == "failed"]
    with transaction.atomic() if given_up else nullcontext(), bound_cursor() as cursor:
        cursor.execute(_FINISH, columns)
        written = cursor.fetchall()
        if given_up:
            ours = {row[0] for row in written}
            cursor.execute(_NOTE_GIVEN_UP, [numbers(pk for pk in given_up if pk in ours)])
    return Finished({row[0] for row in written}, any(row[1] for row in written))


def follow(finished: Sequence[int]) -> None:
    """Of ordered subscriptions: make available what waits behind these deliveries, the next event of each call."""
    with bound_cursor() as cursor:
        cursor.execute(_FOLLOW, [numbers(finished)])


def hand_back(requests: Sequence[Claimed]) -> None:
    """Give back what was claimed and not sent: due at once, the attempt not counted."""
    claimed = [part for one in requests for part in one.parts()]
    with bound_cursor() as cursor:
        stages = numbers(3 if c.once else 1 for c in claimed)
        cursor.execute(_HAND_BACK, [numbers(c.id for c in claimed), uuids(c.token for c in claimed), stages])
