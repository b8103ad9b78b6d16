"""Event streams: one statement locks any number of them, one writes their new events and deliveries."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from ..database.prepared import fetch_prepared, prepared_cursor
from ..models import EventSubject
from . import stream_statements as statements
from .catalogue import EventType


@dataclass(slots=True)
class Stream:
    """The stream of one subject, locked until this transaction ends."""

    subject: EventSubject
    last_sequence: int
    fired: list[str]
    watched: dict[str, str]
    watched_before: dict[str, str]  # before this transaction
    wake_at: datetime | None
    now: datetime  # the database's clock
    # What this transaction has published for the subject: type → event id, sequence.
    own_events: dict[str, tuple[UUID, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewEvent:
    id: UUID
    stream: Stream
    type: str
    sequence: int
    body: bytes
    direction: str | None = None  # where subscriptions can choose by it
    versions: list[str] | None = None  # the payload versions in which it is sent; None: all


@dataclass(frozen=True, slots=True)
class Publication:
    """What an event tells of: for conditions, and for the bodies of other payload versions."""

    type: EventType
    subject: EventSubject
    changes: list[str] | None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A subscription whose conditions are still to be judged, whose body is still to be shaped, or whose events go
    several in one request, with what its delivery will be."""

    event_id: UUID
    subscription_id: int
    state: str  # of the subscription
    payload_version: str
    encoding: str
    conditions: dict[str, Any] | None
    created_at: str  # of the event, ISO 8601
    batch_seconds: int | None  # how long an event waits for others; None: it goes alone
    shape: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of new events: how many deliveries are due now, which subscriptions are still to be looked at, and
    (event, payload version) of the bodies that are still to be built."""

    due: int
    undecided: list[Undecided]
    bodies: list[tuple[UUID, str]]


def lock(kind: str, subjects: Sequence[EventSubject]) -> dict[str, Stream]:
    """Lock the streams of these subjects, and create missing ones. Locks in the order of ids, so that transactions with
    the same subjects cannot deadlock. The result's keys are resource ids."""
    by_id = {subject.resource_id: subject for subject in sorted(subjects, key=lambda s: s.resource_id)}
    rows = [(resource_id, subject.company_id) for resource_id, subject in by_id.items()]
    one = len(rows) == 1
    values = [kind, *(rows[0] if one else _by_column(rows))]
    return _read(by_id, fetch_prepared(statements.LOCK[one], values, keep=one))


def read_locked(subject: EventSubject, row: Sequence[Any]) -> Stream:
    """The subject's stream, which a statement of the caller's has locked: its columns are those of
    `stream_statements.LOCKED`."""
    return _read({subject.resource_id: subject}, [row])[subject.resource_id]


def _read(subjects: Mapping[str, EventSubject], rows: Sequence[Sequence[Any]]) -> dict[str, Stream]:
    streams: dict[str, Stream] = {}
    same_transaction = []
    for subject_id, last, fired, watched, before, wake_at, same, now in rows:
        watched_now, watched_before = _object(watched), _object(before)
        if same:
            same_transaction.append(subject_id)
        else:
            watched_before = watched_now
        streams[subject_id] = Stream(subjects[subject_id], last, fired, watched_now, watched_before, wake_at, now)
    if same_transaction:
        events = fetch_prepared(
            "SELECT subject_id, type, id, sequence FROM subscriptions_event "
            f"WHERE subject_id = ANY (%s) AND xact = {statements.THIS_TRANSACTION}",
            [same_transaction],
        )
        for subject_id, event_type, event_id, sequence in events:
            streams[subject_id].own_events[event_type] = (event_id, sequence)
    return streams


def prepare_new(subjects: Sequence[EventSubject], now: datetime) -> dict[str, Stream]:
    """Streams for subjects that this transaction has inserted, as `lock` would return them. `write_new` inserts
    them."""
    return {
        subject.resource_id: Stream(subject, 0, [], {}, {}, None, now)
        for subject in sorted(subjects, key=lambda s: s.resource_id)
    }


def write(streams: Sequence[Stream], new: Sequence[NewEvent], withdrawn: list[UUID]) -> Written:
    """Write events, their deliveries and the streams."""
    if withdrawn:
        with prepared_cursor() as cursor:
            cursor.execute(statements.WITHDRAW, [withdrawn])
    return _write(statements.UPDATE, statements.WRITE, new, _stream_rows(streams))


def write_new(kind: str, streams: Sequence[Stream], new: Sequence[NewEvent]) -> Written:
    """The same for streams from `prepare_new`, which are inserted."""
    rows = [(*row, stream.subject.company_id) for row, stream in zip(_stream_rows(streams), streams, strict=True)]
    return _write(statements.INSERT, statements.WRITE_NEW, new, rows, kind)


def _write(
    without: Mapping[bool, str],
    with_events: Mapping[bool, str],
    new: Sequence[NewEvent],
    streams: Sequence[tuple[Any, ...]],
    *first: str,
) -> Written:
    """`without`, `with_events`: the statements, by whether there is one stream and one event. `first`: a value before
    those of the streams."""
    one = len(streams) == 1 and len(new) < 2
    of_streams = streams[0] if one else _by_column(streams)
    if not new:
        with prepared_cursor() as cursor:
            cursor.execute(without[one], [*first, *of_streams])
        return Written(0, [], [])
    events = [_event_row(event) for event in new]
    values = [*(events[0] if one else _by_column(events)), *first, *of_streams]
    (row,) = fetch_prepared(with_events[one], values, keep=one)
    return _written(row)


def write_bodies(bodies: Mapping[tuple[UUID, str], bytes]) -> None:
    """Write the bodies of events in other payload versions than the default: (event, version) → body."""
    events, names = zip(*bodies, strict=True)
    with prepared_cursor() as cursor:
        cursor.execute(statements.WRITE_BODIES, [list(events), list(names), list(bodies.values())])


def _written(row: tuple[int, Any, Any, Any]) -> Written:
    due, undecided, bodies, shapes = row
    of_subscription = _object(shapes or {})
    return Written(
        int(due),
        [
            Undecided(
                UUID(event),
                subscription,
                state,
                version,
                encoding,
                conditions,
                created_at,
                batch_seconds,
                of_subscription.get(str(subscription)),
            )
            for event, subscription, state, version, encoding, conditions, created_at, batch_seconds in _list(undecided)
        ],
        [(UUID(event), version) for event, version in _list(bodies)],
    )


def _list(value: Any) -> list[Any]:
    # Django's cursor returns jsonb as text.
    found: list[Any] = json.loads(value) if isinstance(value, str) else value or []
    return found


def _event_row(event: NewEvent) -> tuple[Any, ...]:
    """In the order of the statement's columns."""
    return (
        event.id,
        event.stream.subject.company_id,
        event.type,
        event.stream.subject.resource_id,
        event.sequence,
        event.body,
        event.direction,
        None if event.versions is None else ",".join(event.versions),
    )


def _stream_rows(streams: Sequence[Stream]) -> list[tuple[Any, ...]]:
    return [
        (
            stream.subject.resource_id,
            stream.last_sequence,
            "{" + ",".join(stream.fired) + "}",
            json.dumps(stream.watched),
            json.dumps(stream.watched_before),
            stream.wake_at,
        )
        for stream in streams
    ]


def _by_column(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def stop_waiting(subject_ids: list[str]) -> None:
    """Clear the timers of subjects that were deleted, so that they do not hold up others."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscriptions_eventstream SET wake_at = NULL WHERE subject_id = ANY (%s) AND wake_at IS NOT NULL",
            [subject_ids],
        )


def postpone(subject_id: str, *, in_seconds: float) -> None:
    """Move the timer of a due subject, from now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscriptions_eventstream SET wake_at = clock_timestamp() + %s * interval '1 s' "
            "WHERE subject_id = %s AND wake_at <= clock_timestamp()",
            [in_seconds, subject_id],
        )


def due(kind: str | None = None, *, limit: int = 200) -> list[tuple[str, str]]:
    """(kind, subject id) of streams whose wait is over, by the database's clock. Takes no locks: the producer checks
    again under the stream's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, subject_id FROM subscriptions_eventstream WHERE wake_at <= clock_timestamp() "
            "AND (%s::text IS NULL OR kind = %s) ORDER BY wake_at LIMIT %s",
            [kind, kind, limit],
        )
        return list(cursor.fetchall())


def _object(value: Any) -> dict[str, Any]:
    # Django's cursor returns jsonb as text.
    decoded: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return decoded
