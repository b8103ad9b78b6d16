"""Test events to subscriptions that are paused or switched off: the only deliveries that reach them.

They have a stage of their own, so that no other claim and no hold takes them. A drain claims them by their own small
index; each has one attempt, whatever comes of it.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from .cursors import bound_cursor
from .rows import Claimed, claimed_columns, host_of

MOST_AT_ONCE = 20

_CLAIM_TESTS = f"""
UPDATE subscriptions_delivery d
   SET attempts = d.attempts + 1, claim = %(token)s, stage = 0,
       due_at = clock_timestamp() + make_interval(secs => %(lease)s)
  FROM subscriptions_event e, subscriptions_subscription s, subscriptions_company c
 WHERE d.id = ANY (ARRAY(
        SELECT id FROM subscriptions_delivery WHERE state = 'pending' AND stage = 3 LIMIT %(most)s
           FOR UPDATE SKIP LOCKED))
   AND e.id = d.event_id AND s.id = d.subscription_id AND s.state <> 'archived' AND c.id = d.company_id
RETURNING {claimed_columns(host=host_of("s.url"), trust="1", ordered="false")}
"""


def claim_paused_tests(*, token: UUID, lease: float) -> list[Claimed]:
    """Claim some of them for `lease` seconds."""
    with transaction.atomic(), bound_cursor() as cursor:
        cursor.execute(_CLAIM_TESTS, {"token": token, "lease": lease, "most": MOST_AT_ONCE})
        return [Claimed(*(*row, token, True)) for row in cursor.fetchall()]
