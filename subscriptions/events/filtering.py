"""Which events a subscription's conditions let through. Judged once, when the body is built, in the transaction of the
event. What is refused is a cancelled delivery that says which condition said no; it can be sent by hand.

Those that have a shape come by here too, with or without conditions: also what is filtered out has its body. And those
that get several events in one request: their deliveries wait for others.
Subscriptions that ask for none of it cost nothing here: `streams` has written their deliveries already.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from ..database.prepared import prepared_cursor
from ..delivery import outbox
from ..delivery.batching import ALONE
from .conditions import refusal
from .shapes.formats import batch_of, encoding_of
from .streams import NewEvent, Publication, Undecided

FILTERED = "Filtered out: "
LONGEST_REASON = 300
Publications = Mapping[UUID, Publication]

# Nothing is looked up: what the statement that wrote the events knew comes along. As one JSON text: arrays take
# longer to write than to judge what is in them.
_WRITE = """
INSERT INTO subscriptions_delivery
       (company_id, event_id, subscription_id, payload_version, encoding, shaped, batch, state, stage, reason, due_at,
        finished_at, created_at)
SELECT company_id, event_id, subscription_id, payload_version, encoding, shaped, batch, state,
       CASE WHEN state = 'pending' AND batch = 0 THEN 1 ELSE 0 END, reason,
       CASE WHEN state = 'pending' THEN clock_timestamp() + make_interval(secs => wait) END,
       CASE state WHEN 'cancelled' THEN clock_timestamp() END, created_at
  FROM jsonb_to_recordset(%s::jsonb)
       AS given (company_id bigint, event_id uuid, subscription_id bigint, payload_version text, encoding text,
                 shaped bool, batch int, state text, reason text, wait int, created_at timestamptz)
"""


def decide(undecided: Collection[Undecided], events: Mapping[UUID, NewEvent], publications: Publications) -> int:
    """Writes the deliveries of subscriptions with conditions, a shape, or several events in a request. Returns how many
    are due now."""
    facts: dict[UUID, dict[str, Any]] = {}
    rows: list[dict[str, object]] = []
    for one in undecided:
        if one.event_id not in facts and one.conditions is not None:
            definition, subject = publications[one.event_id].type, publications[one.event_id].subject
            facts[one.event_id] = definition.facts(subject) if definition.facts else {}
        refused = refusal(one.conditions, facts[one.event_id]) if one.conditions is not None else ""
        state, reason = _outcome(one.state, refused)
        batch = ALONE if one.batch_seconds is None else batch_of(one.shape, one.encoding)
        rows.append(
            {
                "company_id": events[one.event_id].stream.subject.company_id,
                "event_id": str(one.event_id),
                "subscription_id": one.subscription_id,
                "payload_version": one.payload_version,
                "encoding": encoding_of(one.shape, one.encoding),
                "shaped": one.shape is not None,
                "batch": batch,
                "state": state,
                "reason": reason,
                "wait": one.batch_seconds if batch != ALONE else 0,
                "created_at": one.created_at,
            }
        )
    if not rows:
        return 0
    with prepared_cursor() as cursor:
        cursor.execute(_WRITE, [json.dumps(rows)])
    pending = [row for row in rows if row["state"] == "pending"]
    waiting = {one.subscription_id for one in undecided if one.batch_seconds is not None}
    full = outbox.send_full(waiting) if waiting else 0
    return full + sum(row["batch"] == ALONE for row in pending)


def _outcome(state: str, refused: str) -> tuple[str, str]:
    """The delivery's state and reason."""
    if refused:
        return "cancelled", f"{FILTERED}{refused}"[:LONGEST_REASON]
    if state == "active":
        return "pending", ""
    return "held", f"The subscription was {state} when this happened."
