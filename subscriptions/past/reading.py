"""Reads stored events of a company along an index, a bounded number of them. Test events are not among them: each is
for one subscription."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from .judging import PastEvent, Wish

MOST_COUNTED = 50_000  # of each type, some ten milliseconds
MOST_BYTES = 16_000_000  # of bodies that are judged at once: reading them takes longer than all else

# The body that is stored first: that of the default version, or of the first one in which it was wanted.
_VERSION = """CASE WHEN e.body <> '' THEN 'article'
     ELSE (SELECT b.version FROM subscriptions_eventbody b WHERE b.event_id = e.id ORDER BY b.version LIMIT 1) END"""
_BODY = """coalesce(nullif(e.body, ''), (SELECT b.body FROM subscriptions_eventbody b
                              WHERE b.event_id = e.id ORDER BY b.version LIMIT 1))"""
_OF_TYPE = """e.company_id = %(company)s AND e.type = wanted.type
          AND e.created_at >= %(since)s AND e.created_at < %(until)s"""

# Of each type so many as there may be of all: then the newest of all are among them, and each is found by an index.
_NEWEST = f"""
WITH newest AS MATERIALIZED (
    SELECT found.* FROM unnest(%(types)s::text[]) AS wanted (type)
     CROSS JOIN LATERAL (
        SELECT e.id, e.created_at FROM subscriptions_event e
         WHERE {_OF_TYPE} AND NOT e.test AND e.subject_id <> %(own_id)s
         ORDER BY e.created_at DESC, e.id DESC LIMIT %(most)s) found
     ORDER BY found.created_at DESC, found.id DESC LIMIT %(most)s
), told AS (
    SELECT e.id, e.type, e.subject_id, e.sequence, e.created_at, {_VERSION} AS version,
           CASE WHEN e.type = ANY (%(judged)s) THEN {_BODY} END AS body
      FROM newest JOIN subscriptions_event e ON e.id = newest.id
), sized AS (
    SELECT *, sum(coalesce(octet_length(body), 0)) OVER (ORDER BY created_at DESC, id DESC)
              - coalesce(octet_length(body), 0) AS before
      FROM told
)
SELECT id, type, subject_id, sequence, created_at, version, body, (SELECT count(*) FROM newest)
  FROM sized WHERE before < %(bytes)s ORDER BY created_at DESC, id DESC
"""
_COUNT = f"""
SELECT wanted.type, counted.number FROM unnest(%(types)s::text[]) AS wanted (type)
 CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (SELECT FROM subscriptions_event e WHERE {_OF_TYPE} LIMIT %(most)s) AS found) counted
"""


@dataclass(frozen=True, slots=True)
class Asked:
    wish: Wish
    since: datetime
    until: datetime

    @property
    def values(self) -> dict[str, Any]:
        return {
            "company": self.wish.company_id,
            "types": list(self.wish.events),
            "since": self.since,
            "until": self.until,
            "own_id": self.wish.own_id,
            "judged": self.wish.types_judged(),
        }


def newest(asked: Asked, most: int) -> tuple[list[PastEvent], bool]:
    """The newest first, with the bodies of those that have to be judged by them; and whether these are all."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {**asked.values, "most": most, "bytes": MOST_BYTES})
        rows = cursor.fetchall()
    return [PastEvent(*row[:-1]) for row in rows], not rows or (rows[0][-1] < most and rows[0][-1] == len(rows))


def count(asked: Asked) -> dict[str, int]:
    """How many there are of each type, up to one more than MOST_COUNTED."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {**asked.values, "most": MOST_COUNTED + 1})
        return dict(cursor.fetchall())
