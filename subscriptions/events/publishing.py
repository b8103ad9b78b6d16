"""The one door for producers: what happens to a subject becomes an event and deliveries, in the caller's transaction.

Invariants
- Event, deliveries and the subject's stream are written by the transaction that saved the subject. It commits: all are
  there. It rolls back, or a savepoint in it does: none is.
- A `once` event of a subject is published by one transaction at most: its name stands in the stream's `fired`, read
  and written under the stream's lock.
- All of one transaction is one: an event published before in this transaction is frozen anew instead of repeated.
- After the commit the drains are woken. A wake-up that is lost costs time, never an event: the outbox is a table.
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
from . import catalogue, streams
from .streams import NewEvent


class Publisher:
    """Decide about some subjects of one kind under the lock of their streams, then write everything at once.

    `with Publisher("call", calls) as publisher:` locks; the end of the block writes, if the block raised nothing.

    `new_at` is for subjects that this transaction has inserted, and of which nothing was asked yet: the time of that,
    by the database's clock. Nobody else can know them, so there is no stream to lock: they are made with the events.
    """

    def __init__(self, kind: str, subjects: Sequence[EventSubject], *, new_at: datetime | None = None) -> None:
        if not connection.in_atomic_block:
            raise RuntimeError(
                "Events are published in the transaction that saves their subject: use transaction.atomic()."
            )
        self._kind = kind
        self._are_new = new_at is not None
        self.streams = streams.prepare_new(subjects, new_at) if new_at is not None else streams.lock(kind, subjects)
        self._new: dict[tuple[str, str], NewEvent] = {}
        self._new_bodies: dict[UUID, bytes] = {}
        self._gone: list[UUID] = []

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._write()

    def publish(self, event_type: str, subject: EventSubject, changes: list[str] | None = None) -> None:
        """Publish; or, where this transaction published this type for this subject before, renew the body."""
        definition = catalogue.get(event_type)
        stream = self.streams[subject.resource_id]
        mine = stream.own_events.get(event_type)
        if mine is None and definition.once and event_type in stream.fired:
            return
        body = catalogue.build_body(definition, subject, changes)
        if mine is not None:
            self._new_bodies[mine[0]] = body
            return
        stream.last_sequence += 1
        if definition.once:
            stream.fired.append(event_type)
        new = NewEvent(uuid7(), stream, event_type, stream.last_sequence, body)
        self._new[subject.resource_id, event_type] = new

    def withdraw(self, event_type: str, subject: EventSubject) -> None:
        """Take back what this very transaction published: the change it told of was undone before the commit."""
        stream = self.streams[subject.resource_id]
        mine = stream.own_events.pop(event_type, None)
        if mine is None:
            return
        event_id, sequence = mine
        self._gone.append(event_id)
        if sequence == stream.last_sequence:
            stream.last_sequence -= 1

    def _write(self) -> None:
        touched, new = list(self.streams.values()), list(self._new.values())
        if self._are_new:
            due = streams.write_new(self._kind, touched, new)
        else:
            due = streams.write(touched, new, self._new_bodies, self._gone)
        if due:
            wakeup.after_commit()


def publish(event_type: str, *, kind: str, subject: EventSubject) -> None:
    """Publish one event of one subject, in a transaction of its own if there is none yet."""
    with transaction.atomic(), Publisher(kind, [subject]) as publisher:
        publisher.publish(event_type, subject)
