"""Where the consumers of a list stand: one statement for all of them, along the index of each one's company."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from ..models import FeedConsumer
from .cursors import BEGINNING

# `missed`: as `Feed.read` refuses to go on from there.
_PLACES = """
SELECT c.id, taken.created_at, behind.number, c.event_id IS NOT NULL AND c.position <= coalesce(f.deleted_to, -1)
  FROM subscriptions_feedconsumer c
  LEFT JOIN subscriptions_feedstart f ON f.company_id = c.company_id
  LEFT JOIN LATERAL (SELECT e.created_at FROM subscriptions_event e
                      WHERE e.company_id = c.company_id AND (e.position, e.id) <= (c.position, c.event_id)
                      ORDER BY e.position DESC, e.id DESC LIMIT 1) taken ON true
 CROSS JOIN LATERAL (SELECT count(*) AS number
                       FROM (SELECT FROM subscriptions_event e
                              WHERE e.company_id = c.company_id
                                AND (e.position, e.id) > (c.position, coalesce(c.event_id, %(zero)s))
                              LIMIT %(most)s) newer) behind
 WHERE c.id = ANY (%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """`taken_at`: when the last event before the place happened; None if it has taken none, or none of them is kept.
    `behind`: events of the company after it. `missed`: some of these were deleted before it read them."""

    taken_at: datetime | None
    behind: int
    missed: bool


def read_places(consumers: Iterable[FeedConsumer], *, most: int) -> dict[int, Place]:
    """By the consumer's key. Counts `most` + 1 events behind each at most."""
    ids = [consumer.pk for consumer in consumers]
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {"ids": ids, "most": most + 1, "zero": BEGINNING.event_id})
        return {pk: Place(taken_at, behind, missed) for pk, taken_at, behind, missed in cursor.fetchall()}
