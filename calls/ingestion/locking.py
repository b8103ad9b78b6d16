"""Lock a call and its event stream, and read it with all that its webhooks and its answer tell of: one statement, which
every change of a call through the API and every callback runs; three where somebody else holds the call."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS

from subscriptions.database.prepared import fetch_prepared
from subscriptions.events.stream_statements import LOCK_KNOWN, LOCKED
from subscriptions.events.streams import Stream, read_locked
from subscriptions.models import Company
from subscriptions.models.columns import Columns

from ..models import Call, Person, Tag, Tracker

_CALL, _TRACKER, _PERSON, _MAIN = Columns(Call, "c"), Columns(Tracker, "t"), Columns(Person, "p"), Columns(Person, "m")
_TAG_FIELDS = ("id", "company_id", "name", "level", "color", "active")
_READ = """
SELECT {current},
       (SELECT jsonb_agg(jsonb_build_array({tag}) ORDER BY g.name)
          FROM calls_call_tags x JOIN calls_tag g ON g.id = x.tag_id WHERE x.call_id = c.id),
       {call}, {tracker}, {person}, {main}, {stream}
  FROM c
  JOIN calls_tracker t ON t.id = c.tracker_id
  LEFT JOIN calls_person p ON p.id = c.person_id
  LEFT JOIN calls_person m ON m.id = p.merged_into_id
  LEFT JOIN stream ON true
"""
# Locks what nobody else holds at the moment, and reads it with the rows beside it. Those are as they were when the
# statement began: if somebody changed the call or published for it between that and the lock, it says that this is not
# current.
_LOCK_AND_READ = """
WITH c AS MATERIALIZED (
    SELECT xmin AS version, * FROM calls_call WHERE {where}
       FOR NO KEY UPDATE SKIP LOCKED
), stream AS MATERIALIZED ({lock_stream})
"""
_CURRENT = """
       c.version = (SELECT b.xmin FROM calls_call b WHERE b.resource_id = c.resource_id)
       AND stream.version = (SELECT b.xmin FROM subscriptions_eventstream b WHERE b.subject_id = c.resource_id)
"""
# Then, or if somebody held it: one statement waits for the lock, the next reads all as it is since then. The stream is
# locked when its events are published, which also creates a missing one.
_LOCK = "SELECT id FROM calls_call WHERE {where} FOR NO KEY UPDATE"
_READ_LOCKED = """
WITH c AS MATERIALIZED (SELECT * FROM calls_call WHERE id = %(id)s::bigint),
stream AS MATERIALIZED (SELECT {nothing})
"""


class LockedCall(NamedTuple):
    """Locked until the transaction ends; the stream too, where it is given."""

    call: Call
    stream: Stream | None


def lock_by_id(company: Company, resource_id: str) -> LockedCall | None:
    """The company's call with this resource id, with its company, tracking number, person and tags."""
    # + 0: no index, since while statistics are old, that of the company's calls looks as good as that of the id.
    where = "resource_id = %(resource_id)s AND company_id + 0 = %(company)s::bigint"
    return _lock(company, where, {"resource_id": resource_id})


def lock_by_natural_key(company: Company, external_source: str, external_id: str) -> LockedCall | None:
    """The same for the call with this id in the system it comes from."""
    # As the partial unique index has it, so that it serves a plan for any value.
    where = (
        "company_id = %(company)s::bigint AND external_source = %(source)s AND external_id = %(external_id)s "
        "AND external_id <> ''"
    )
    return _lock(company, where, {"source": external_source, "external_id": external_id})


def _lock(company: Company, where: str, values: dict[str, str]) -> LockedCall | None:
    """Two programs that set different fields do not overwrite each other: it is locked before anything is read."""
    key = {"company": company.pk, **values}
    rows = fetch_prepared(_lock_and_read(where), key)
    if not rows or not rows[0][0]:
        locked = fetch_prepared(_LOCK.format(where=where), key)
        if not locked:
            return None
        rows = fetch_prepared(_read_locked(), {"id": locked[0][0]})
    return _build(company, rows[0])


@cache
def _lock_and_read(where: str) -> str:
    lock = _LOCK_AND_READ.format(where=where, lock_stream=LOCK_KNOWN.format(subject="(SELECT resource_id FROM c)"))
    return lock + _read(_CURRENT)


@cache
def _read_locked() -> str:
    nothing = ", ".join(f"NULL AS {name}" for name in LOCKED)
    return _READ_LOCKED.format(nothing=nothing) + _read("true")


def _read(current: str) -> str:
    return _READ.format(
        current=current,
        tag=", ".join(f"g.{name}" for name in _TAG_FIELDS),
        call=_CALL.sql,
        tracker=_TRACKER.sql,
        person=_PERSON.sql,
        main=_MAIN.sql,
        stream=", ".join(f"stream.{name}" for name in LOCKED),
    )


def _build(company: Company, row: tuple[Any, ...]) -> LockedCall:
    place = 2
    call = _CALL.build(row, place)
    tracker = _TRACKER.build(row, place := place + len(_CALL))
    assert call is not None
    assert tracker is not None
    person = _PERSON.build(row, place := place + len(_TRACKER))
    if person is not None:
        person.merged_into = _MAIN.build(row, place + len(_PERSON))
    of_stream = row[-len(LOCKED) :]
    tracker.company = company
    call.company, call.tracker, call.person = company, tracker, person
    tags = json.loads(row[1]) if isinstance(row[1], str) else row[1] or []
    call.set_known_tags([Tag.from_db(DEFAULT_DB_ALIAS, _TAG_FIELDS, values) for values in tags])
    return LockedCall(call, read_locked(call, of_stream) if of_stream[0] is not None else None)
