"""Test events to subscriptions that are paused or switched off: the only deliveries that reach them.

They have a stage of their own, so that no other claim and no hold takes them. A drain claims them by their own small
index; each has one attempt, whatever comes of it.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from .cursors import bound_cursor
from .rows import CLAIMED_ROW, WITH_ITS_ROWS, Claimed, claimed_columns, host_of

MOST_AT_ONCE = 20

_CLAIM_TESTS = f"""
WITH claimed AS (
    UPDATE subscriptions_delivery d
       SET attempts = d.attempts + 1, claim = %(token)s, stage = 0,
           due_at = clock_timestamp() + make_interval(secs => %(lease)s)
     WHERE d.id = ANY (ARRAY(
            SELECT t.id FROM subscriptions_delivery t
             WHERE t.state = 'pending' AND t.stage = 3
               AND (SELECT s.state <> 'archived' FROM subscriptions_subscription s WHERE s.id = t.subscription_id)
             LIMIT %(most)s FOR UPDATE SKIP LOCKED))
    RETURNING {CLAIMED_ROW}
)
SELECT {claimed_columns(host=host_of("s.url"), trust="1", ordered="false")} FROM claimed d {WITH_ITS_ROWS}
"""


def claim_paused_tests(*, token: UUID, lease: float) -> list[Claimed]:
    """Claim some of them for `lease` seconds."""
    with transaction.atomic(), bound_cursor() as cursor:
        cursor.execute(_CLAIM_TESTS, {"token": token, "lease": lease, "most": MOST_AT_ONCE})
        return [Claimed(*(*row, token, True)) for row in cursor.fetchall()]
