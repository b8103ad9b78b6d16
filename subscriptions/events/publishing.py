"""The interface for producers: publish an event and its deliveries, in the caller's transaction.

Invariants
- The transaction that saves the subject also writes the event, its deliveries and the subject's stream: they commit
  together, or roll back together (to a savepoint, too).
- At most one transaction publishes a `once` event of a subject: its name is in the stream's `fired`, which is read and
  written under the stream's lock.
- Publishing the same type twice in one transaction replaces the event instead of adding one.
- The body of the default payload version is built with the event; another version's only if a subscription gets the
  event in it, as the statement that writes the deliveries says; so is the body of a subscription with a shape.
- After the commit the drains are woken. Losing a wake-up costs time, never an event: the outbox is a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from uuid import UUID

from django.db import connection, transaction

from ..lib.ids import uuid7
from ..models import EventSubject
from . import catalogue, completing, streams, versions
from .shapes.about import About
from .streams import NewEvent, Publication, Stream
from .versions import DEFAULT


class Publisher:
    """Locks the streams of some subjects of one kind, lets the caller decide about each, then writes everything at
    once.

    `with Publisher("call", calls) as publisher:` takes the locks; leaving the block without an exception writes.

    `new_at` is for subjects that this transaction has just inserted: the time of that, by the database's clock. No
    other transaction can see them, so there is nothing to lock, and their streams are inserted with the events.
    `locked` is for one subject whose stream this transaction has locked already.
    """

    def __init__(
        self,
        kind: str,
        subjects: Sequence[EventSubject],
        *,
        new_at: datetime | None = None,
        locked: Stream | None = None,
    ) -> None:
        if not connection.in_atomic_block:
            raise RuntimeError("Publish events in the transaction that saves their subject: use transaction.atomic().")
        self._kind = kind
        self._are_new = new_at is not None
        if new_at is not None:
            self.streams = streams.prepare_new(subjects, new_at)
        elif locked is not None:
            self.streams = {locked.subject.resource_id: locked}
        else:
            self.streams = streams.lock(kind, subjects)
        self._new: dict[tuple[str, str], NewEvent] = {}
        self._publications: dict[UUID, Publication] = {}
        self._withdrawn: list[UUID] = []

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._write()

    def publish(self, event_type: str, subject: EventSubject, changes: list[str] | None = None) -> None:
        """Publish an event, or replace it if this transaction has already published it. `changes` has the names of all
        versions (`versions.PayloadVersion.name_changes`)."""
        definition = catalogue.get(event_type)
        stream = self.streams[subject.resource_id]
        telling = versions.that_tell(changes)
        if telling == []:
            self.withdraw(event_type, subject)
            return
        published = stream.own_events.pop(event_type, None)
        if published is None and definition.once and event_type in stream.fired:
            return
        if published is not None:
            # Nobody has seen it yet. Written anew, because other subscriptions may want it as it is now.
            self._withdrawn.append(published[0])
            sequence = published[1]
        else:
            stream.last_sequence += 1
            sequence = stream.last_sequence
            if definition.once:
                stream.fired.append(event_type)
        new = NewEvent(
            uuid7(),
            stream,
            event_type,
            sequence,
            catalogue.build_body(definition, subject, changes) if telling is None or DEFAULT in telling else b"",
            definition.direction(subject) if definition.direction else None,
            telling,
        )
        self._publications[new.id] = Publication(definition, subject, changes)
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
            written = streams.write(touched, new, self._withdrawn)
        completing.complete(written, new, build=self._build, tell_about=_about, publications=self._publications)

    def _build(self, event: NewEvent, version: str) -> bytes:
        publication = self._publications[event.id]
        return catalogue.build_body(publication.type, publication.subject, publication.changes, version)


def _about(event: NewEvent, created_at: str) -> About:
    subject = event.stream.subject
    return About(
        event.id,
        event.type,
        subject.resource_id,
        subject.company.resource_id,
        event.sequence,
        created_at,
        subject.company.name,
        catalogue.link_of(event.type, subject.resource_id),
    )


def publish(event_type: str, *, kind: str, subject: EventSubject) -> None:
    """Publish one event of one subject; opens a transaction if there is none."""
    with transaction.atomic(), Publisher(kind, [subject]) as publisher:
        publisher.publish(event_type, subject)
