"""Which events a subscription's conditions let through. Judged once, when the body is built, in the transaction of the
event. What is refused is a cancelled delivery that says which condition said no; it can be sent by hand.

Subscriptions without conditions cost nothing here: `streams` has written their deliveries already.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from ..models import EventSubject
from .catalogue import EventType
from .conditions import refusal

FILTERED = "Filtered out: "
LONGEST_REASON = 300
Subjects = Mapping[UUID, tuple[EventType, EventSubject]]
Undecided = Iterable[tuple[str, int, str, Mapping[str, Any]]]  # event, subscription, its state, conditions

_WRITE = """
WITH written AS (
    INSERT INTO subscriptions_delivery
           (company_id, event_id, subscription_id, state, stage, reason, due_at, finished_at, created_at)
    SELECT e.company_id, e.id, d.subscription_id, d.state, CASE d.state WHEN 'pending' THEN 1 ELSE 0 END, d.reason,
           CASE d.state WHEN 'pending' THEN clock_timestamp() END,
           CASE d.state WHEN 'cancelled' THEN clock_timestamp() END,
           e.created_at
      FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[]) AS d (event_id, subscription_id, state, reason)
      JOIN subscriptions_event e ON e.id = d.event_id
    RETURNING state
)
SELECT count(*) FILTER (WHERE state = 'pending') FROM written
"""
# Nobody else has seen these rows: they are of this transaction.
_TAKE_BACK = """
WITH gone AS (
    DELETE FROM subscriptions_delivery d USING subscriptions_subscription s, subscriptions_company c
     WHERE d.event_id = ANY (%s) AND s.id = d.subscription_id AND c.id = s.company_id
       AND coalesce(s.conditions, c.default_conditions) IS NOT NULL
    RETURNING d.event_id, s.id, s.state, coalesce(s.conditions, c.default_conditions) AS conditions
)
SELECT * FROM gone
"""


def decide(undecided: Undecided, subjects: Subjects) -> int:
    """Writes the deliveries of subscriptions with conditions. Returns how many are due now."""
    facts: dict[UUID, dict[str, Any]] = {}
    rows = []
    for event, subscription, state, conditions in undecided:
        event_id = UUID(str(event))
        if event_id not in facts:
            definition, subject = subjects[event_id]
            facts[event_id] = definition.facts(subject) if definition.facts else {}
        rows.append((event_id, subscription, *_outcome(state, refusal(conditions, facts[event_id]))))
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])
        return int(cursor.fetchone()[0])


def decide_again(events: list[UUID], subjects: Subjects) -> int:
    """The same for events whose bodies this transaction has replaced: their facts may be others now."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK, [events])
        found = cursor.fetchall()
    return decide(
        [(event, pk, state, json.loads(said) if isinstance(said, str) else said) for event, pk, state, said in found],
        subjects,
    )


def _outcome(state: str, refused: str) -> tuple[str, str]:
    """The delivery's state and reason."""
    if refused:
        return "cancelled", f"{FILTERED}{refused}"[:LONGEST_REASON]
    if state == "active":
        return "pending", ""
    return "held", f"The subscription was {state} when this happened."
