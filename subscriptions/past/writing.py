"""Writes the deliveries of past events, as publishing writes those of new ones (`events/streams.py`), with what was
left out (`events/filtering.py`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from ..delivery import wakeup
from ..delivery.batching import ALONE
from ..events.filtering import FILTERED, LONGEST_REASON
from ..events.shapes import storing
from ..events.shapes.formats import batch_of, encoding_of
from ..models import Delivery, Event, Subscription
from .judging import LEFT_OUT, Judged, Outcome, PastEvent

REASON = "A past event, sent on request."
# An event has as many deliveries as `fan_out` says: the integrity check counts them. Its row is locked in the order of
# ids, so that jobs of several subscriptions cannot deadlock. The delivery is of now: its day's manifest lists it. So is
# one that a filter left out and that was never sent: it gets the body that the subscription asks for now, with masks.
_WRITE = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS d (place int, event_id uuid, payload_version text, state text, reason text)
), locked AS MATERIALIZED (
    SELECT e.id FROM subscriptions_event e WHERE e.id IN (SELECT event_id FROM given) AND e.erased_at IS NULL
     ORDER BY e.id FOR NO KEY UPDATE
), written AS (
    INSERT INTO subscriptions_delivery AS d
           (company_id, event_id, subscription_id, payload_version, encoding, shaped, batch, state, stage, lane, reason,
            due_at, finished_at, created_at)
    SELECT %(company)s, g.event_id, %(subscription)s, g.payload_version, %(encoding)s, %(shaped)s, %(batch)s, g.state,
           CASE g.state WHEN 'pending' THEN 1 ELSE 0 END, %(lane)s, g.reason,
           CASE g.state WHEN 'pending' THEN clock_timestamp() END,
           CASE g.state WHEN 'cancelled' THEN clock_timestamp() END, clock_timestamp()
      FROM (SELECT given.* FROM given JOIN locked ON locked.id = given.event_id ORDER BY given.place) g
        ON CONFLICT (event_id, subscription_id) DO UPDATE SET
           payload_version = excluded.payload_version, encoding = excluded.encoding, shaped = excluded.shaped,
           batch = excluded.batch, state = excluded.state, stage = excluded.stage, lane = excluded.lane,
           reason = excluded.reason, due_at = excluded.due_at, finished_at = NULL, created_at = excluded.created_at
         WHERE excluded.state = 'pending' AND d.state = 'cancelled' AND d.attempts = 0 AND d.reason LIKE %(filtered)s
    RETURNING event_id, state, d.xmax = 0 AS new
), raised AS (
    UPDATE subscriptions_event e SET fan_out = e.fan_out + 1 FROM written WHERE e.id = written.event_id AND written.new
)
SELECT event_id, state FROM written
"""


class Done(NamedTuple):
    sent: int
    filtered: int
    had: int


def write(to: Subscription, judged: Sequence[Judged]) -> Done:
    """Deliveries for the events that have none yet, or one that was left out. The caller sends again what was sent."""
    new = [
        one
        for one in judged
        if (not one.event.delivery and one.outcome != Outcome.GONE)
        or (one.event.delivery == LEFT_OUT and one.outcome == Outcome.GOES)
    ]
    states = _insert(to, new) if new else {}
    if to.shape is not None:
        storing.write(
            (one.event.id, to.pk, to.shape, one.event.sent or b"", storing.about(_as_event(one.event, to)))
            for one in new
            if one.event.id in states
        )
    sent = sum(state == Delivery.State.PENDING for state in states.values())
    if sent:
        wakeup.after_commit([to.company_id])
    left_out = sum(bool(one.event.delivery) and one.outcome in _LEFT_OUT for one in judged)
    had = sum(one.outcome == Outcome.THERE for one in judged)
    return Done(sent, len(states) - sent + left_out, had)


_LEFT_OUT = (Outcome.FILTERED, Outcome.UNKNOWN, Outcome.NO_BODY)


def _insert(to: Subscription, new: Sequence[Judged]) -> dict[Any, str]:
    """Event → state of its delivery. An event that was deleted meanwhile is not there."""
    rows = [
        {
            "place": place,
            "event_id": str(one.event.id),
            "payload_version": one.event.sent_version or one.event.version,
            "state": "pending" if one.outcome == Outcome.GOES else "cancelled",
            "reason": REASON if one.outcome == Outcome.GOES else f"{FILTERED}{one.reason}"[:LONGEST_REASON],
        }
        for place, one in enumerate(new)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            {
                "rows": json.dumps(rows),
                "company": to.company_id,
                "subscription": to.pk,
                "encoding": encoding_of(to.shape, to.encoding),
                "shaped": to.shape is not None,
                "batch": batch_of(to.shape, to.encoding) if to.batch_events is not None else ALONE,
                "lane": Delivery.Lane.LATE.value,
                "filtered": f"{FILTERED}%",
            },
        )
        return dict(cursor.fetchall())


def _as_event(event: PastEvent, to: Subscription) -> Event:
    return Event(
        id=event.id,
        company=to.company,
        type=event.type,
        subject_id=event.subject_id,
        sequence=event.sequence,
        created_at=event.created_at,
    )
