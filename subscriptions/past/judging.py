"""What becomes of past events at a subscription, judged by the function that judges new ones (`conditions.refusal`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ..events import catalogue
from ..events.catalogue import EventType, Told
from ..events.conditions import prepare, refusal, unknown_of
from ..events.versions import DEFAULT
from ..models import Subscription

BOTH = Subscription.CallDirection.BOTH


@dataclass(frozen=True)
class Wish:
    """What a subscription asks for, whether it is saved or not. `conditions` are its own or those of its company."""

    company_id: int
    events: Sequence[str]
    conditions: Mapping[str, Any] | None = None
    call_direction: str = BOTH
    payload_version: str = DEFAULT
    own_id: str = ""  # its resource id: it gets no events about its own webhooks

    @classmethod
    def of(cls, row: Subscription) -> Wish:
        return cls(
            row.company_id,
            row.events,
            row.conditions if row.conditions is not None else row.company.default_conditions,
            row.call_direction,
            row.payload_version,
            row.resource_id if row.pk else "",
        )

    def asks(self, definition: EventType) -> dict[str, Any] | None:
        """The condition for events of this type; None where all are sent. Facts of events about delivery are not
        asked, as when they are published."""
        if definition.about_delivery:
            return None
        parts = [self.conditions] if self.conditions is not None else []
        if definition.direction is not None and self.call_direction != BOTH:
            parts = [{"field": "direction", "in": [self.call_direction]}, *parts]
        return {"all": parts} if parts else None

    def types_judged(self) -> list[str]:
        """Those whose bodies are needed to say what becomes of their events."""
        types = map(catalogue.get, self.events)
        return [each.name for each in types if each.past_facts is not None and self.asks(each) is not None]


@dataclass(frozen=True, slots=True)
class PastEvent:
    id: UUID
    type: str
    subject_id: str
    sequence: int
    created_at: datetime
    version: str | None  # of the body that is stored first; None: none is
    body: bytes | None  # that one, if it was asked for
    # For a subscription that it may be sent to:
    delivery: str = ""  # whether it has this event already: THERE, or LEFT_OUT and never sent
    sent_version: str | None = None  # that of the subscription, if the event has a body in it
    sent: bytes | None = None  # the body to be shaped


THERE, LEFT_OUT = "there", "left out"


class Outcome(StrEnum):
    GOES = "would_go"
    FILTERED = "filtered_out"
    UNKNOWN = "not_known"
    # Of a subscription that it may be sent to:
    THERE = "already_there"
    NO_BODY = "no_body"  # in its payload version
    GONE = "gone"  # no body is stored at all


@dataclass(frozen=True, slots=True)
class Judged:
    event: PastEvent
    outcome: Outcome
    reason: str = ""  # which condition said no, or what is no longer known


def judge_for_sending(
    wish: Wish, events: Sequence[PastEvent], *, repeat: bool = False, as_stored: bool = False
) -> list[Judged]:
    """What becomes of events that are to be sent: whether the subscription has them (`repeat`: again, then), and
    whether they have a body for it (`as_stored`: in another payload version, then)."""
    return [_for_sending(wish, one, repeat=repeat, as_stored=as_stored) for one in judge(wish, events)]


def _for_sending(wish: Wish, one: Judged, *, repeat: bool, as_stored: bool) -> Judged:
    event = one.event
    if event.delivery == THERE:
        return Judged(event, Outcome.GOES) if repeat else Judged(event, Outcome.THERE, "It has this event already.")
    if event.version is None:
        return Judged(event, Outcome.GONE, "No body of it is stored.")
    if one.outcome == Outcome.GOES and event.sent_version is None and not as_stored:
        reason = (
            f"It has no body in payload version {wish.payload_version}. Sent anyway, it has that of {event.version}."
        )
        return Judged(event, Outcome.NO_BODY, reason)
    return one


def judge(wish: Wish, events: Sequence[PastEvent]) -> list[Judged]:
    """In the order of the events. Facts are read for all of a type at once."""
    of_type: dict[str, list[PastEvent]] = {}
    for event in events:
        of_type.setdefault(event.type, []).append(event)
    found = {
        one.event.id: one for name, some in of_type.items() for one in _judge_type(wish, catalogue.get(name), some)
    }
    return [found[event.id] for event in events]


def _judge_type(wish: Wish, definition: EventType, events: Sequence[PastEvent]) -> list[Judged]:
    condition = wish.asks(definition)
    if condition is None or definition.past_facts is None:
        facts: list[dict[str, Any]] = [{} for _ in events]
    else:
        facts = definition.past_facts([Told(event.subject_id, _read(event.body)) for event in events])
    prepared = prepare(condition or {"all": []})
    return [_judge(wish, prepared, event, known) for event, known in zip(events, facts, strict=True)]


def _judge(wish: Wish, condition: Mapping[str, Any], event: PastEvent, facts: Mapping[str, Any]) -> Judged:
    if wish.payload_version == DEFAULT and event.version not in (DEFAULT, None):
        return Judged(event, Outcome.FILTERED, f"Nothing that changed is told in payload version {DEFAULT}.")
    if gone := unknown_of(condition, facts):
        names = " and ".join(name.replace("_", " ") for name in gone)
        return Judged(event, Outcome.UNKNOWN, f"Its {names} can no longer be told.")
    if refused := refusal(condition, facts):
        return Judged(event, Outcome.FILTERED, refused)
    return Judged(event, Outcome.GOES)


def _read(body: bytes | None) -> Mapping[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
