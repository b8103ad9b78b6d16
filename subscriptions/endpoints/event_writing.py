"""Writes events that are not about a call, a text or a form: about webhooks, and alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, cast

from ..events import completing, streams
from ..events.delivery_events import KIND
from ..events.shapes.about import About as ToldOf
from ..events.streams import NewEvent
from ..lib.ids import uuid7


class About(Protocol):
    """A subscription or a company: its events have a sequence of their own."""

    @property
    def resource_id(self) -> str: ...
    @property
    def company_id(self) -> int: ...


class Item(NamedTuple):
    about: About
    type: str
    body: bytes
    company: str  # its resource id
    company_name: str
    link: str


def write(items: Sequence[Item]) -> list[NewEvent]:
    """Write events with their deliveries to the subscriptions that ask for them. Call it in a transaction."""
    if not items:
        return []
    subjects = {item.about.resource_id: item.about for item in items}
    locked = streams.lock(KIND.name, cast(Any, list(subjects.values())))
    new: list[NewEvent] = []
    for item in items:
        stream = locked[item.about.resource_id]
        stream.last_sequence += 1
        new.append(NewEvent(uuid7(), stream, item.type, stream.last_sequence, item.body))
    written = streams.write(list(locked.values()), new, [])
    told = {event.id: item for event, item in zip(new, items, strict=True)}
    completing.complete(
        written,
        new,
        build=lambda event, version: event.body,  # the same in all payload versions
        tell_about=lambda event, created_at: _told_of(event, told[event.id], created_at),
        publications={},  # conditions are not asked
    )
    return new


def _told_of(event: NewEvent, item: Item, created_at: str) -> ToldOf:
    about = item.about.resource_id
    return ToldOf(event.id, item.type, about, item.company, event.sequence, created_at, item.company_name, item.link)
