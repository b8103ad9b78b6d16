"""What waits for a subscription that takes nothing is held; what was held is let go when it is resumed.

A subscription can have a million rows waiting, and the page of whoever pauses it cannot wait for them. So its state
changes at once, which is what decides: a claim takes rows of active subscriptions only. The rows follow in batches, the
first with the change itself, the rest by the sweep (`hold`) and by the drains' housekeeping (`release`). Each batch is
one short statement that passes over rows in somebody's hands.

Invariants
- `releasing` stands in the subscription's row from its resume on, until nothing has been found held for an hour: so the
  rest is let go whatever is restarted meanwhile, and so is what a save held that had begun before the resume.
- `drop_held_before`: held rows created before that time are cancelled instead of sent.
- `resuming`: resumed with the wish to drop what waits, while some of it is not held yet. It stays as it was, so that no
  claim takes any of it, and becomes active when all is held (`operations.go_on_resuming`).
- A subscription that is paused while it releases stops releasing; what was let go and not yet claimed is held again.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

# Rows of one statement: some tens of milliseconds.
BATCH = 2000

_HOLD = """
WITH chosen AS MATERIALIZED (
    SELECT waiting.id, s.state
      FROM subscriptions_subscription s
     CROSS JOIN LATERAL (
        SELECT d.id FROM subscriptions_delivery d
         WHERE d.subscription_id = s.id AND d.state = 'pending'
           AND (d.claim IS NULL OR d.due_at <= clock_timestamp())
           AND (d.stage <> 3 OR s.state = 'archived')  -- test events go all the same
         LIMIT %(limit)s FOR UPDATE SKIP LOCKED) waiting
     WHERE s.state <> 'active' AND (%(only)s::bigint[] IS NULL OR s.id = ANY (%(only)s))
     LIMIT %(limit)s
)
UPDATE subscriptions_delivery d
   SET due_at = NULL, claim = NULL, stage = 0,
       state = CASE chosen.state WHEN 'archived' THEN 'cancelled' ELSE 'held' END,
       finished_at = CASE chosen.state WHEN 'archived' THEN clock_timestamp() END,
       reason = CASE chosen.state WHEN 'archived' THEN 'The subscription was removed.'
                ELSE 'The subscription is ' || chosen.state || '.' END
  FROM chosen WHERE d.id = chosen.id
"""

_WAITING = """
SELECT count(*) FROM subscriptions_delivery d
 WHERE d.subscription_id = %s AND d.state = 'pending' AND (d.claim IS NULL OR d.due_at <= clock_timestamp())
"""

_CANCEL_HELD = """
UPDATE subscriptions_delivery
   SET state = 'cancelled', finished_at = clock_timestamp(), reason = 'The subscription was removed.'
 WHERE id = ANY (ARRAY(
    SELECT held.id
      FROM subscriptions_subscription s
     CROSS JOIN LATERAL (
        SELECT d.id FROM subscriptions_delivery d
         WHERE d.subscription_id = s.id AND d.state = 'held' LIMIT %(limit)s FOR UPDATE SKIP LOCKED) held
     WHERE s.state = 'archived' AND (%(only)s::bigint[] IS NULL OR s.id = ANY (%(only)s))
     LIMIT %(limit)s))
"""

# A row's place in the retry schedule starts anew: nothing was tried while it was held.
_RELEASE = """
WITH chosen AS MATERIALIZED (
    SELECT held.id, held.created_at < s.drop_held_before AS dropped
      FROM subscriptions_subscription s
     CROSS JOIN LATERAL (
        SELECT d.id, d.created_at FROM subscriptions_delivery d
         WHERE d.subscription_id = s.id AND d.state = 'held'
         ORDER BY d.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED) held
     WHERE s.releasing AND s.state = 'active' AND (%(only)s::bigint[] IS NULL OR s.id = ANY (%(only)s))
     LIMIT %(limit)s
), released AS (
    UPDATE subscriptions_delivery d
       SET state = CASE WHEN chosen.dropped THEN 'cancelled' ELSE 'pending' END,
           due_at = CASE WHEN chosen.dropped THEN NULL ELSE clock_timestamp() END,
           stage = CASE WHEN chosen.dropped THEN 0 ELSE 1 END,
           finished_at = CASE WHEN chosen.dropped THEN clock_timestamp() END,
           reason = CASE WHEN chosen.dropped THEN 'Dropped when the subscription was resumed.'
                    ELSE 'Held until the resume.' END,
           lane = 1, round_began_after = d.attempts
      FROM chosen WHERE d.id = chosen.id
    RETURNING d.state
)
SELECT count(*), count(*) FILTER (WHERE state = 'pending') FROM released
"""

_RELEASED = """
UPDATE subscriptions_subscription s SET releasing = false, drop_held_before = NULL
 WHERE s.releasing AND NOT s.resuming AND s.state_changed_at < clock_timestamp() - interval '1 hour'
   AND NOT EXISTS (SELECT FROM subscriptions_delivery d WHERE d.subscription_id = s.id AND d.state = 'held')
"""


def hold(only: Sequence[int] | None = None, *, limit: int = BATCH) -> int:
    """Hold up to `limit` rows that wait for subscriptions that are not active (these, or all); cancel them for removed
    ones. What a drain is sending right now is left to it. Returns how many there were."""
    values = {"limit": limit, "only": None if only is None else list(only)}
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, values)
        count: int = cursor.rowcount
        cursor.execute(_CANCEL_HELD, values)
        return count + int(cursor.rowcount)


def waiting(subscription: int) -> int:
    """How many rows `hold` would still hold, or cancel, of this subscription."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [subscription])
        return int(cursor.fetchone()[0])


def release(only: Sequence[int] | None = None, *, limit: int = BATCH) -> tuple[int, int]:
    """Let go up to `limit` held rows of subscriptions that are releasing. Returns how many there were, and how many of
    them are to be sent."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"limit": limit, "only": None if only is None else list(only)})
        found, to_send = cursor.fetchone()
        return int(found), int(to_send)


def note_released() -> None:
    """Those that have nothing left to let go need no more looks."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASED)
