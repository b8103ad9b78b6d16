"""Reads stored events of a company along an index, a bounded number of them. Test events are not among them: each is
for one subscription."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from ..events.filtering import FILTERED
from ..events.manifest_events import MANIFEST
from ..events.versions import DEFAULT
from ..feed.reading import FIRST_BODY, FIRST_VERSION
from .judging import LEFT_OUT, THERE, PastEvent, Wish

MOST_COUNTED = 50_000  # of each type, some ten milliseconds
MOST_OF_SOURCE = 10_000  # deliveries of another subscription that are read through: each leads to its event
# Retention deletes what is older than its limit, a job sends what is younger than this: they never meet.
MARGIN = timedelta(hours=1)
MOST_BYTES = 16_000_000  # of bodies that are judged at once: reading them takes longer than all else

_OF_TYPE = """e.company_id = %(company)s AND e.type = wanted.type
          AND e.created_at >= %(since)s AND e.created_at < %(until)s"""

# Of each type so many as there may be of all: then the newest of all are among them, and each is found by an index.
_OF_COMPANY = f"""
    SELECT found.* FROM unnest(%(types)s::text[]) AS wanted (type)
     CROSS JOIN LATERAL (
        SELECT e.id, e.created_at FROM subscriptions_event e
         WHERE {_OF_TYPE} AND NOT e.test AND e.subject_id <> %(own_id)s
         ORDER BY e.created_at DESC, e.id DESC LIMIT %(most)s) found
     ORDER BY found.created_at DESC, found.id DESC LIMIT %(most)s"""
# What another subscription got; what its own filter left out it did not get.
_GOT = """d.subscription_id = %(source)s AND d.created_at >= %(since)s AND d.created_at < %(until)s
          AND NOT (d.state = 'cancelled' AND d.attempts = 0 AND d.reason LIKE %(filtered)s)"""
IS_WANTED = "e.type = ANY (%(types)s) AND NOT e.test AND e.subject_id <> %(own_id)s"
IS_KEPT = "e.created_at >= %(kept)s"
_OF_SOURCE = f"""
    SELECT e.id, e.created_at
      FROM (SELECT d.event_id, d.created_at, d.id FROM subscriptions_delivery d WHERE {_GOT}
             ORDER BY d.created_at DESC, d.id DESC LIMIT %(most_of_source)s) d
      JOIN subscriptions_event e ON e.id = d.event_id
     WHERE {IS_WANTED} AND {IS_KEPT}
     ORDER BY d.created_at DESC, d.id DESC LIMIT %(most)s"""
# By the event, said so that no index by subscription looks better: it would be read through for each event.
_TOLD = f"""
    SELECT e.id, e.type, e.subject_id, e.sequence, e.created_at,
           CASE WHEN e.erased_at IS NULL THEN {FIRST_VERSION} END AS version,
           CASE WHEN e.type = ANY (%(judged)s) THEN {FIRST_BODY} END AS body,
           CASE WHEN %(to)s::bigint IS NULL THEN '' ELSE coalesce(
               (SELECT CASE WHEN d.state = 'cancelled' AND d.attempts = 0 AND d.reason LIKE %(filtered)s
                            THEN '{LEFT_OUT}' ELSE '{THERE}' END
                  FROM subscriptions_delivery d WHERE d.event_id = e.id AND d.subscription_id + 0 = %(to)s), '') END
           AS delivery,
           CASE WHEN %(to)s::bigint IS NULL THEN NULL
                WHEN %(version)s = '{DEFAULT}' THEN CASE WHEN e.body <> '' THEN '{DEFAULT}' END
                ELSE (SELECT b.version FROM subscriptions_eventbody b
                       WHERE b.event_id = e.id AND b.version = %(version)s) END AS sent_version"""
_NEWEST = """
WITH newest AS MATERIALIZED ({newest}
), told AS ({told}
      FROM newest JOIN subscriptions_event e ON e.id = newest.id
), sized AS (
    SELECT *, sum(coalesce(octet_length(body), 0)) OVER (ORDER BY created_at DESC, id DESC)
              - coalesce(octet_length(body), 0) AS before
      FROM told
)
SELECT id, type, subject_id, sequence, created_at, version, body, delivery, sent_version,
       (SELECT count(*) FROM newest)
  FROM sized WHERE before < %(bytes)s ORDER BY created_at DESC, id DESC
"""
# The body that is shaped: that of the subscription's version, or the one that is stored.
_TELL = f"""
SELECT t.*, CASE WHEN %(shaped)s AND t.delivery <> '{THERE}' THEN coalesce(
           CASE WHEN t.sent_version = '{DEFAULT}' THEN (SELECT body FROM subscriptions_event WHERE id = t.id)
                ELSE (SELECT body FROM subscriptions_eventbody WHERE event_id = t.id AND version = t.sent_version) END,
           (SELECT {FIRST_BODY} FROM subscriptions_event e WHERE e.id = t.id)) END
  FROM ({_TOLD} FROM subscriptions_event e WHERE e.id = ANY (%(ids)s)) t
"""
_COUNT_FITTING = f"""
SELECT count(*) FROM (
    SELECT sum(e.bytes) OVER (ORDER BY asked.place) - e.bytes AS before
      FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS asked (id, place)
      LEFT JOIN LATERAL (SELECT coalesce(octet_length({FIRST_BODY}), 0) AS bytes
                           FROM subscriptions_event e WHERE e.id = asked.id) e ON true) sized
 WHERE coalesce(before, 0) < %(bytes)s
"""
_COUNT = f"""
SELECT wanted.type, counted.number FROM unnest(%(types)s::text[]) AS wanted (type)
 CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (SELECT FROM subscriptions_event e WHERE {_OF_TYPE} LIMIT %(most)s) AS found) counted
"""
_COUNT_OF_SOURCE = f"""
WITH got AS MATERIALIZED (
    SELECT d.event_id FROM subscriptions_delivery d WHERE {_GOT}
     ORDER BY d.created_at DESC, d.id DESC LIMIT %(most)s
)
SELECT wanted.type, count(wanted.type), (SELECT count(*) FROM got)
  FROM (SELECT) AS always
  LEFT JOIN (SELECT e.type FROM got JOIN subscriptions_event e ON e.id = got.event_id
              WHERE {IS_WANTED} AND {IS_KEPT}) AS wanted ON true
 GROUP BY wanted.type
"""
_COUNT_ALL = f"""
SELECT count(*) FROM subscriptions_event e
 WHERE e.company_id = %(company)s AND e.created_at >= %(since)s AND e.created_at < %(until)s AND {IS_WANTED}
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """`source_id`: what this subscription got, not all of the company. `to`: the subscription that it may be sent to;
    `shaped`: with the bodies to be shaped for it."""

    wish: Wish
    since: datetime
    until: datetime
    source_id: int | None = None
    to: int | None = None
    shaped: bool = False

    @property
    def values(self) -> dict[str, Any]:
        return {
            "company": self.wish.company_id,
            # The event of a manifest is for one subscription alone.
            "types": [name for name in self.wish.events if name != MANIFEST],
            "since": self.since,
            "until": self.until,
            "own_id": self.wish.own_id,
            "judged": self.wish.types_judged(),
            "version": self.wish.payload_version,
            "source": self.source_id,
            "to": self.to,
            "shaped": self.shaped,
            "filtered": f"{FILTERED}%",
            "most_of_source": MOST_OF_SOURCE,
            "kept": kept_since(),
        }


def kept_since() -> datetime:
    """Events before it are gone, or are about to be deleted."""
    return timezone.now() - timedelta(days=settings.RETAIN_DELIVERED_DAYS) + MARGIN


def newest(asked: Asked, most: int) -> tuple[list[PastEvent], bool]:
    """The newest first, with the bodies of those that have to be judged by them; and whether these are all."""
    query = _NEWEST.format(newest=_OF_COMPANY if asked.source_id is None else _OF_SOURCE, told=_TOLD)
    rows = _read(query, {**asked.values, "most": most, "bytes": MOST_BYTES})
    return [PastEvent(*row[:-1]) for row in rows], not rows or (rows[0][-1] < most and rows[0][-1] == len(rows))


def tell(asked: Asked, ids: Sequence[UUID]) -> list[PastEvent]:
    """These events, in this order, with all that is needed to send them."""
    found = {row[0]: PastEvent(*row) for row in _read(_TELL, {**asked.values, "ids": list(ids)})}
    return [found[one] for one in ids if one in found]


def count_fitting(ids: Sequence[UUID]) -> int:
    """How many of these, from the first on, have bodies that may be in memory at the same time: one at least."""
    return int(_read(_COUNT_FITTING, {"ids": list(ids), "bytes": MOST_BYTES})[0][0])


def count(asked: Asked) -> dict[str, tuple[int, bool]]:
    """How many there are of each type, up to a limit, and whether there may be more. Test events are counted too: only
    the table itself knows them."""
    if asked.source_id is None:
        counted = _read(_COUNT, {**asked.values, "most": MOST_COUNTED + 1})
        return {name: (min(number, MOST_COUNTED), number > MOST_COUNTED) for name, number in counted}
    counted = _read(_COUNT_OF_SOURCE, {**asked.values, "most": MOST_OF_SOURCE})
    found = {name: number for name, number, _ in counted}
    return {name: (found.get(name, 0), counted[0][2] == MOST_OF_SOURCE) for name in asked.wish.events}


def count_all(asked: Asked) -> int:
    """All of them, however long that takes."""
    if asked.source_id is not None:
        return sum(number for _, number, _ in _read(_COUNT_OF_SOURCE, {**asked.values, "most": None}))
    return int(_read(_COUNT_ALL, asked.values)[0][0])


def _read(query: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
