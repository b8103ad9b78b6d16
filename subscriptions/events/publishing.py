"""The interface for producers: publish an event and its deliveries, in the caller's transaction.

Invariants
- The transaction that saves the subject also writes the event, its deliveries and the subject's stream: they commit
  together, or roll back together (to a savepoint, too).
- At most one transaction publishes a `once` event of a subject: its name is in the stream's `fired`, which is read and
  written under the stream's lock.
- Publishing the same type twice in one transaction replaces the body instead of adding an event.
- After the commit the drains are woken. Losing a wake-up costs time, never an event: the outbox is a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from uuid import UUID

from django.db import connection, transaction

from ..delivery import wakeup
from ..lib.ids import uuid7
from ..models import EventSubject
from . import catalogue, filtering, streams
from .catalogue import EventType
from .streams import NewEvent


class Publisher:
    """Locks the streams of some subjects of one kind, lets the caller decide about each, then writes everything at
    once.

    `with Publisher("call", calls) as publisher:` takes the locks; leaving the block without an exception writes.

    `new_at` is for subjects that this transaction has just inserted: the time of that, by the database's clock. No
    other transaction can see them, so there is nothing to lock, and their streams are inserted with the events.
    """

    def __init__(self, kind: str, subjects: Sequence[EventSubject], *, new_at: datetime | None = None) -> None:
        if not connection.in_atomic_block:
            raise RuntimeError("Publish events in the transaction that saves their subject: use transaction.atomic().")
        self._kind = kind
        self._are_new = new_at is not None
        self.streams = streams.prepare_new(subjects, new_at) if new_at is not None else streams.lock(kind, subjects)
        self._new: dict[tuple[str, str], NewEvent] = {}
        self._new_bodies: dict[UUID, bytes] = {}
        # What conditions are asked of, by event.
        self._subjects: dict[UUID, tuple[EventType, EventSubject]] = {}
        self._withdrawn: list[UUID] = []

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._write()

    def publish(self, event_type: str, subject: EventSubject, changes: list[str] | None = None) -> None:
        """Publish an event, or replace its body if this transaction has already published it."""
        definition = catalogue.get(event_type)
        stream = self.streams[subject.resource_id]
        published = stream.own_events.get(event_type)
        if published is None and definition.once and event_type in stream.fired:
            return
        body = catalogue.build_body(definition, subject, changes)
        if published is not None:
            self._new_bodies[published[0]] = body
            self._subjects[published[0]] = definition, subject
            return
        stream.last_sequence += 1
        if definition.once:
            stream.fired.append(event_type)
        direction = definition.direction(subject) if definition.direction else None
        new = NewEvent(uuid7(), stream, event_type, stream.last_sequence, body, direction)
        self._subjects[new.id] = definition, subject
        self._new[subject.resource_id, event_type] = new

    def withdraw(self, event_type: str, subject: EventSubject) -> None:
        """Remove an event that this same transaction published, because its change was undone before the commit."""
        stream = self.streams[subject.resource_id]
        published = stream.own_events.pop(event_type, None)
        if published is None:
            return
        event_id, sequence = published
        self._withdrawn.append(event_id)
        if sequence == stream.last_sequence:
            stream.last_sequence -= 1

    def _write(self) -> None:
        touched, new = list(self.streams.values()), list(self._new.values())
        if self._are_new:
            written = streams.write_new(self._kind, touched, new)
        else:
            written = streams.write(touched, new, self._new_bodies, self._withdrawn)
        due = written.due
        if self._new_bodies:
            due += filtering.decide_again(list(self._new_bodies), self._subjects)
        if written.undecided:
            due += filtering.decide(written.undecided, self._subjects)
        if due:
            wakeup.after_commit(stream.subject.company_id for stream in touched)


def publish(event_type: str, *, kind: str, subject: EventSubject) -> None:
    """Publish one event of one subject; opens a transaction if there is none."""
    with transaction.atomic(), Publisher(kind, [subject]) as publisher:
        publisher.publish(event_type, subject)
