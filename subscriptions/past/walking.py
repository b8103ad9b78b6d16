"""Walks through a company's events, or through what another subscription got of them, in the order in which they
happened, a bounded number of rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from .reading import IS_KEPT, IS_WANTED, Asked

MOST_SCANNED = 5_000  # rows of one step, some 20 ms where few of them are wanted

_EVENTS = f"""
WITH scanned AS MATERIALIZED (
    SELECT e.id, e.created_at AS at, {IS_WANTED} AND {IS_KEPT} AS wanted
      FROM subscriptions_event e
     WHERE e.company_id = %(company)s AND (e.created_at, e.id) > (%(at)s, %(place)s::uuid) AND e.created_at < %(until)s
     ORDER BY e.created_at, e.id LIMIT %(scanned)s
)
SELECT s.id::text, s.at, s.id, s.wanted FROM scanned s ORDER BY s.at, s.id
"""
# What its own filter left out it did not get.
_DELIVERIES = f"""
WITH scanned AS MATERIALIZED (
    SELECT d.id, d.created_at AS at, d.event_id,
           NOT (d.state = 'cancelled' AND d.attempts = 0 AND d.reason LIKE %(filtered)s) AS got
      FROM subscriptions_delivery d
     WHERE d.subscription_id = %(source)s AND (d.created_at, d.id) > (%(at)s, %(place)s::bigint)
       AND d.created_at < %(until)s
     ORDER BY d.created_at, d.id LIMIT %(scanned)s
)
SELECT s.id::text, s.at, s.event_id, s.got AND {IS_WANTED} AND {IS_KEPT}
  FROM scanned s JOIN subscriptions_event e ON e.id = s.event_id ORDER BY s.at, s.id
"""
_FIRST = {False: str(UUID(int=0)), True: "0"}


class Walked(NamedTuple):
    """`events`: the wanted ones; the place after them; whether nothing follows."""

    events: Sequence[UUID]
    place_at: datetime
    place: str
    ended: bool


def walk(asked: Asked, at: datetime, place: str, most: int) -> Walked:
    """Go on after this place, up to `most` wanted events."""
    by_source = asked.source_id is not None
    place = place or _FIRST[by_source]
    with connection.cursor() as cursor:
        values = {**asked.values, "at": at, "place": place, "scanned": MOST_SCANNED}
        cursor.execute(_DELIVERIES if by_source else _EVENTS, values)
        rows = cursor.fetchall()
    found: list[UUID] = []
    for key, moment, event, wanted in rows:
        if wanted:
            if len(found) == most:
                return Walked(found, at, place, ended=False)
            found.append(event)
        at, place = moment, key
    return Walked(found, at, place, ended=len(rows) < MOST_SCANNED)
