"""What the statement that writes events leaves to do: bodies of other versions, conditions, shapes, and the wake-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from uuid import UUID

from django.db import transaction

from ..counters.known import EVENTS
from ..delivery import wakeup
from ..lib import log_context
from ..tracing import spans
from . import filtering, streams
from .filtering import Publications
from .shapes import storing
from .shapes.about import About
from .streams import NewEvent, Undecided, Written
from .versions import DEFAULT


def complete(
    written: Written,
    new: Iterable[NewEvent],
    *,
    build: Callable[[NewEvent, str], bytes],
    tell_about: Callable[[NewEvent, str], About],
    publications: Publications,
) -> None:
    """`build`: the body of an event in another payload version than the default. `tell_about`: what an event is, with
    the time at which it was written. `publications`: of events that conditions are asked about."""
    events = {event.id: event for event in new}
    # One that replaces another of its transaction counts again.
    transaction.on_commit(partial(_tell, [(event.id, event.type) for event in events.values()]))
    if spans.on:
        transaction.on_commit(partial(spans.note_published, [_published(event) for event in events.values()]))
    bodies = {key: build(events[key[0]], key[1]) for key in written.bodies}
    if bodies:
        streams.write_bodies(bodies)
    due = written.due
    if written.undecided:
        due += filtering.decide(written.undecided, events, publications)
        shaped = [one for one in written.undecided if one.shape is not None]
        if shaped:
            _shape(shaped, events, bodies, tell_about)
    if due:
        wakeup.after_commit({event.stream.subject.company_id for event in events.values()})


def _tell(published: Iterable[tuple[UUID, str]]) -> None:
    """Monitoring and the log."""
    for event_id, event_type in published:
        EVENTS.add(event_type)
        log_context.note_event(f"evt_{event_id.hex}")


def _published(event: NewEvent) -> spans.Published:
    subject = event.stream.subject
    return spans.Published(event.id, event.type, subject.resource_id, subject.company.resource_id)


def _shape(
    wanted: Iterable[Undecided],
    events: Mapping[UUID, NewEvent],
    others: Mapping[tuple[UUID, str], bytes],
    tell_about: Callable[[NewEvent, str], About],
) -> None:
    """Write the bodies of subscriptions with a shape. `others`: of other payload versions than the default."""
    bodies = {(event.id, DEFAULT): event.body for event in events.values()} | dict(others)
    storing.write(
        (
            one.event_id,
            one.subscription_id,
            one.shape or {},
            bodies[one.event_id, one.payload_version],
            tell_about(events[one.event_id], one.created_at),
        )
        for one in wanted
    )
