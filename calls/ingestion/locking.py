"""Lock a call and read it with all that its webhooks and its answer tell of: two statements, which every change of a
call through the API and every callback runs."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from subscriptions.database.prepared import prepared_cursor
from subscriptions.models import Company
from subscriptions.models.columns import Columns

from ..models import Call, Person, Tag, Tracker

_CALL, _TRACKER, _PERSON, _MAIN = Columns(Call, "c"), Columns(Tracker, "t"), Columns(Person, "p"), Columns(Person, "m")
_TAG_FIELDS = ("id", "company_id", "name", "level", "color", "active")
# Locked before anything is read: two programs that set different fields do not overwrite each other. A statement of its
# own, since one that waited for a lock would read the rows beside it as they were before.
_LOCK = "SELECT id FROM calls_call WHERE company_id = %s::bigint AND {where} FOR NO KEY UPDATE"
_READ = """
SELECT (SELECT jsonb_agg(jsonb_build_array({tag}) ORDER BY g.name)
          FROM calls_call_tags x JOIN calls_tag g ON g.id = x.tag_id WHERE x.call_id = c.id),
       {call}, {tracker}, {person}, {main}
  FROM calls_call c
  JOIN calls_tracker t ON t.id = c.tracker_id
  LEFT JOIN calls_person p ON p.id = c.person_id
  LEFT JOIN calls_person m ON m.id = p.merged_into_id
 WHERE c.id = %s::bigint
"""


def lock_by_id(company: Company, resource_id: str) -> Call | None:
    """The company's call with this resource id, locked until the transaction ends, with its company, tracking number,
    person and tags."""
    return _lock(company, "resource_id = %s", resource_id)


def lock_by_natural_key(company: Company, external_source: str, external_id: str) -> Call | None:
    """The same for the call with this id in the system it comes from."""
    # As the partial unique index has it, so that it serves a plan for any value.
    where = "external_source = %s AND external_id = %s AND external_id <> ''"
    return _lock(company, where, external_source, external_id)


def _lock(company: Company, where: str, *values: str) -> Call | None:
    with prepared_cursor() as cursor:
        cursor.execute(_LOCK.format(where=where), [company.pk, *values])
        locked = cursor.fetchone()
        if locked is None:
            return None
        cursor.execute(_read_statement(), [locked[0]])
        return _build(company, cursor.fetchone())


@cache
def _read_statement() -> str:
    return _READ.format(
        tag=", ".join(f"g.{name}" for name in _TAG_FIELDS),
        call=_CALL.sql,
        tracker=_TRACKER.sql,
        person=_PERSON.sql,
        main=_MAIN.sql,
    )


def _build(company: Company, row: tuple[Any, ...]) -> Call:
    place = 1
    call = _CALL.build(row, place)
    tracker = _TRACKER.build(row, place := place + len(_CALL))
    assert call is not None
    assert tracker is not None
    person = _PERSON.build(row, place := place + len(_TRACKER))
    if person is not None:
        person.merged_into = _MAIN.build(row, place + len(_PERSON))
    tracker.company = company
    call.company, call.tracker, call.person = company, tracker, person
    tags = json.loads(row[0]) if isinstance(row[0], str) else row[0] or []
    call.set_known_tags([Tag.from_db(DEFAULT_DB_ALIAS, _TAG_FIELDS, values) for values in tags])
    return call
