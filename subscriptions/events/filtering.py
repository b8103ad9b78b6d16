"""Which events a subscription's conditions let through. Judged once, when the body is built, in the transaction of the
event. What is refused is a cancelled delivery that says which condition said no; it can be sent by hand.

Subscriptions without conditions cost nothing here: `streams` has written their deliveries already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from .conditions import refusal
from .streams import Publication, Undecided

FILTERED = "Filtered out: "
LONGEST_REASON = 300
Publications = Mapping[UUID, Publication]

_WRITE = """
WITH written AS (
    INSERT INTO subscriptions_delivery
           (company_id, event_id, subscription_id, payload_version, encoding, state, stage, reason, due_at, finished_at,
            created_at)
    SELECT e.company_id, e.id, d.subscription_id, d.payload_version, d.encoding, d.state,
           CASE d.state WHEN 'pending' THEN 1 ELSE 0 END, d.reason,
           CASE d.state WHEN 'pending' THEN clock_timestamp() END,
           CASE d.state WHEN 'cancelled' THEN clock_timestamp() END,
           e.created_at
      FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
           AS d (event_id, subscription_id, payload_version, encoding, state, reason)
      JOIN subscriptions_event e ON e.id = d.event_id
    RETURNING state
)
SELECT count(*) FILTER (WHERE state = 'pending') FROM written
"""


def decide(undecided: Iterable[Undecided], publications: Publications) -> int:
    """Writes the deliveries of subscriptions with conditions. Returns how many are due now."""
    facts: dict[UUID, dict[str, Any]] = {}
    rows = []
    for one in undecided:
        if one.event_id not in facts:
            definition, subject = publications[one.event_id].type, publications[one.event_id].subject
            facts[one.event_id] = definition.facts(subject) if definition.facts else {}
        outcome = _outcome(one.state, refusal(one.conditions, facts[one.event_id]))
        rows.append((one.event_id, one.subscription_id, one.payload_version, one.encoding, *outcome))
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])
        return int(cursor.fetchone()[0])


def _outcome(state: str, refused: str) -> tuple[str, str]:
    """The delivery's state and reason."""
    if refused:
        return "cancelled", f"{FILTERED}{refused}"[:LONGEST_REASON]
    if state == "active":
        return "pending", ""
    return "held", f"The subscription was {state} when this happened."
