"""The SQL of event streams: one statement locks any number of them, one writes their new events and deliveries."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from ..database.prepared import prepared_cursor
from ..models import EventSubject
from . import versions
from .catalogue import EventType

# Transaction id and start time: after a restore into a new server the ids begin again, the times do not.
THIS_TRANSACTION = "hashtextextended(pg_current_xact_id()::text || ' ' || extract(epoch FROM now()), 0)"

_LOCK = f"""
INSERT INTO subscriptions_eventstream
       (subject_id, company_id, kind, last_sequence, fired, watched, watched_before, xact)
SELECT subject_id, company_id, %s, 0, '{{}}', '{{}}', '{{}}', 0
  FROM unnest(%s::text[], %s::bigint[]) AS given (subject_id, company_id)
 ORDER BY subject_id
    ON CONFLICT (subject_id) DO UPDATE SET subject_id = excluded.subject_id
RETURNING subject_id, last_sequence, fired, watched, watched_before, wake_at,
          xact = {THIS_TRANSACTION}, clock_timestamp()
"""

_EVENTS = f"""
WITH given AS (
    SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::int[], %s::bytea[], %s::text[],
                         %s::text[])
        AS given (id, company_id, type, subject_id, sequence, body, direction, versions)
), wanted AS (
    SELECT g.id, s.id AS subscription_id, s.state, s.payload_version, s.encoding,
           -- Those are asked of calls, texts and forms; the types of events about delivery have a dot.
           CASE WHEN position('.' IN g.type) = 0 THEN coalesce(s.conditions, c.default_conditions) END AS conditions,
           s.shape, s.batch_events, CASE WHEN s.batch_events IS NOT NULL THEN s.batch_seconds END AS batch_seconds
      FROM given g
      JOIN subscriptions_company c ON c.id = g.company_id
      JOIN subscriptions_subscription s
        ON s.company_id = g.company_id AND s.state <> 'archived' AND g.type = ANY (s.events)
       AND (g.direction IS NULL OR s.call_direction IN ('both', g.direction))
       AND (g.versions IS NULL OR s.payload_version = ANY (string_to_array(g.versions, ',')))
       -- Nobody is sent an event about its own webhooks; a manifest goes to nobody else.
       AND (s.resource_id = g.subject_id) = (g.type = 'manifest.ready')
), counted AS (
    SELECT id, count(*) AS number FROM wanted GROUP BY id
), written AS (
    INSERT INTO subscriptions_event (id, company_id, type, subject_id, sequence, body, xact, created_at, fan_out)
    SELECT g.id, company_id, type, subject_id, sequence, body, {THIS_TRANSACTION}, clock_timestamp(),
           coalesce(counted.number, 0)
      FROM given g LEFT JOIN counted ON counted.id = g.id
    RETURNING id, company_id, created_at
), fanned_out AS (
    INSERT INTO subscriptions_delivery
           (company_id, event_id, subscription_id, payload_version, encoding, state, stage, reason, due_at, created_at)
    SELECT e.company_id, e.id, w.subscription_id, w.payload_version, w.encoding,
           CASE w.state WHEN 'active' THEN 'pending' ELSE 'held' END,
           CASE w.state WHEN 'active' THEN 1 ELSE 0 END,
           CASE w.state WHEN 'active' THEN '' ELSE 'The subscription was ' || w.state || ' when this happened.' END,
           CASE w.state WHEN 'active' THEN clock_timestamp() END,
           e.created_at
      FROM written e
      JOIN wanted w ON w.id = e.id AND w.conditions IS NULL AND w.shape IS NULL AND w.batch_events IS NULL
    RETURNING state
), streams AS (
"""
# Deliveries due now, what is still to be judged by conditions, to be shaped or to wait for others (`filtering.py`), and
# the bodies still to be built.
_DUE = f"""
)
SELECT (SELECT count(*) FILTER (WHERE state = 'pending') FROM fanned_out),
       (SELECT jsonb_agg(jsonb_build_array(w.id, w.subscription_id, w.state, w.payload_version, w.encoding,
                                           w.conditions, e.created_at, w.batch_seconds))
          FROM wanted w JOIN written e ON e.id = w.id
         WHERE w.conditions IS NOT NULL OR w.shape IS NOT NULL OR w.batch_events IS NOT NULL),
       (SELECT jsonb_agg(DISTINCT jsonb_build_array(id, payload_version)) FROM wanted
         WHERE payload_version <> '{versions.DEFAULT}'),
       -- Each once, however many events: a shape may hold the wording of many messages.
       (SELECT jsonb_object_agg(subscription_id, shape)
          FROM (SELECT DISTINCT ON (subscription_id) subscription_id, shape FROM wanted
                 WHERE shape IS NOT NULL) shapes)
"""

_WRITE = f"""{_EVENTS}
    UPDATE subscriptions_eventstream t
       SET last_sequence = n.last_sequence, fired = n.fired::text[], watched = n.watched,
           watched_before = n.watched_before, wake_at = n.wake_at, xact = {THIS_TRANSACTION}
      FROM unnest(%s::text[], %s::int[], %s::text[], %s::jsonb[], %s::jsonb[], %s::timestamptz[])
        AS n (subject_id, last_sequence, fired, watched, watched_before, wake_at)
     WHERE t.subject_id = n.subject_id
{_DUE}"""

_WRITE_NEW = f"""{_EVENTS}
    INSERT INTO subscriptions_eventstream
           (subject_id, last_sequence, fired, watched, watched_before, wake_at, company_id, kind, xact)
    SELECT subject_id, last_sequence, fired::text[], watched, watched_before, wake_at, company_id, %s,
           {THIS_TRANSACTION}
      FROM unnest(%s::text[], %s::int[], %s::text[], %s::jsonb[], %s::jsonb[], %s::timestamptz[], %s::bigint[])
        AS n (subject_id, last_sequence, fired, watched, watched_before, wake_at, company_id)
{_DUE}"""

_WRITE_BODIES = """
INSERT INTO subscriptions_eventbody (event_id, version, body)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::bytea[])
"""
# Nobody else has seen these rows. Foreign keys are checked at the commit.
_WITHDRAW = """
WITH events AS (
    DELETE FROM subscriptions_event WHERE id = ANY (%s) RETURNING id
), bodies AS (
    DELETE FROM subscriptions_eventbody WHERE event_id IN (SELECT id FROM events)
), shaped AS (
    DELETE FROM subscriptions_shapedbody WHERE event_id IN (SELECT id FROM events)
), deliveries AS (
    DELETE FROM subscriptions_delivery WHERE event_id IN (SELECT id FROM events) RETURNING id
)
DELETE FROM subscriptions_attempt WHERE delivery_id IN (SELECT id FROM deliveries)
"""


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
    streams: dict[str, Stream] = {}
    same_transaction = []
    with prepared_cursor() as cursor:
        cursor.execute(_LOCK, [kind, list(by_id), [subject.company_id for subject in by_id.values()]])
        for subject_id, last, fired, watched, before, wake_at, same, now in cursor.fetchall():
            watched_now, watched_before = _object(watched), _object(before)
            if same:
                same_transaction.append(subject_id)
            else:
                watched_before = watched_now
            streams[subject_id] = Stream(by_id[subject_id], last, fired, watched_now, watched_before, wake_at, now)
        if same_transaction:
            cursor.execute(
                "SELECT subject_id, type, id, sequence FROM subscriptions_event "
                f"WHERE subject_id = ANY (%s) AND xact = {THIS_TRANSACTION}",
                [same_transaction],
            )
            for subject_id, event_type, event_id, sequence in cursor.fetchall():
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
    with prepared_cursor() as cursor:
        if withdrawn:
            cursor.execute(_WITHDRAW, [withdrawn])
        cursor.execute(_WRITE, [*_events(new), *_streams(streams)])
        return _written(cursor.fetchone())


def write_new(kind: str, streams: Sequence[Stream], new: Sequence[NewEvent]) -> Written:
    """The same for streams from `prepare_new`, which are inserted."""
    with prepared_cursor() as cursor:
        companies = [stream.subject.company_id for stream in streams]
        cursor.execute(_WRITE_NEW, [*_events(new), kind, *_streams(streams), companies])
        return _written(cursor.fetchone())


def write_bodies(bodies: Mapping[tuple[UUID, str], bytes]) -> None:
    """Write the bodies of events in other payload versions than the default: (event, version) → body."""
    events, names = zip(*bodies, strict=True)
    with prepared_cursor() as cursor:
        cursor.execute(_WRITE_BODIES, [list(events), list(names), list(bodies.values())])


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


def _events(new: Sequence[NewEvent]) -> list[list[Any]]:
    return [
        [event.id for event in new],
        [event.stream.subject.company_id for event in new],
        [event.type for event in new],
        [event.stream.subject.resource_id for event in new],
        [event.sequence for event in new],
        [event.body for event in new],
        [event.direction for event in new],
        [None if event.versions is None else ",".join(event.versions) for event in new],
    ]


def _streams(streams: Sequence[Stream]) -> list[list[Any]]:
    return [
        [stream.subject.resource_id for stream in streams],
        [stream.last_sequence for stream in streams],
        ["{" + ",".join(stream.fired) + "}" for stream in streams],
        [json.dumps(stream.watched) for stream in streams],
        [json.dumps(stream.watched_before) for stream in streams],
        [stream.wake_at for stream in streams],
    ]


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
