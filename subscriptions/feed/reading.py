"""Read a page of a company's feed, in the order of (position, id)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from ..delivery.form_encoding import encode_body
from ..delivery.outbox.rows import sent_body, sent_headers
from ..events.filtering import FILTERED
from ..models import Company, Subscription
from . import horizon
from .cursors import BEGINNING, Cursor, after_all_of
from .errors import Ahead, Expired

MOST_SCANNED = 5_000  # events that one page looks at: some 20 ms where few of them are wanted
MOST_BYTES = 4_000_000  # of bodies in one page; a larger one comes alone

# In a company's feed: the body of the default version, or of the first one in which it was wanted.
FIRST_BODY = """coalesce(nullif(e.body, ''), (SELECT b.body FROM subscriptions_eventbody b
                              WHERE b.event_id = e.id ORDER BY b.version LIMIT 1))"""
FIRST_VERSION = """CASE WHEN e.body <> '' THEN 'article'
     ELSE (SELECT b.version FROM subscriptions_eventbody b WHERE b.event_id = e.id ORDER BY b.version LIMIT 1) END"""
_OF_COMPANY = f"""
    SELECT w.*, {FIRST_VERSION} AS sent_version, 'json' AS sent_encoding, {FIRST_BODY} AS sent, '' AS headers
      FROM wanted w
      JOIN subscriptions_event e ON e.id = w.id"""
_OF_SUBSCRIPTION = f"""
    SELECT w.*, d.payload_version AS sent_version, d.encoding AS sent_encoding, {sent_body()} AS sent,
           {sent_headers()} AS headers
      FROM wanted w
      JOIN subscriptions_event e ON e.id = w.id
      JOIN subscriptions_delivery d ON d.event_id = e.id AND d.subscription_id = %(subscription)s"""
# A test event is for one subscription, and alerts are for people: the company's feed does not have them.
_WANTED_BY_COMPANY = "NOT s.test AND NOT starts_with(s.type, 'alert.')"
# What its filter left out and nobody sent by hand was not meant for it.
_WANTED_BY_SUBSCRIPTION = """EXISTS (
    SELECT FROM subscriptions_delivery d
     WHERE d.event_id = s.id AND d.subscription_id = %(subscription)s
       AND NOT (d.state = 'cancelled' AND d.attempts = 0 AND d.reason LIKE %(filtered)s))"""

_PAGE = """
WITH scanned AS MATERIALIZED (
    SELECT e.id, e.position, e.type, e.subject_id, e.sequence, e.test, e.created_at
      FROM subscriptions_event e
     WHERE e.company_id = %(company)s AND (e.position, e.id) > (%(position)s, %(id)s) AND e.position < %(safe)s
     ORDER BY e.position, e.id LIMIT %(scanned)s
), wanted AS MATERIALIZED (
    SELECT s.* FROM scanned s
     WHERE (cardinality(%(types)s::text[]) = 0 OR s.type = ANY (%(types)s)) AND {wanted}
     ORDER BY s.position, s.id LIMIT %(size)s
), bodies AS MATERIALIZED (
    {bodies}
), sized AS (
    SELECT *, sum(coalesce(octet_length(sent), 0)) OVER (ORDER BY position, id) - coalesce(octet_length(sent), 0)
           AS before FROM bodies
)
SELECT looked.number, looked.chosen, looked.last_position, looked.last_id,
       f.position, f.id, f.type, f.subject_id, f.sequence, f.test, f.created_at, f.sent_version, f.sent_encoding,
       f.sent, f.headers
  FROM (SELECT (SELECT count(*) FROM scanned) AS number, (SELECT count(*) FROM wanted) AS chosen,
               (SELECT position FROM scanned ORDER BY position DESC, id DESC LIMIT 1) AS last_position,
               (SELECT id FROM scanned ORDER BY position DESC, id DESC LIMIT 1) AS last_id) AS looked
  LEFT JOIN sized f ON f.before < %(bytes)s
 ORDER BY f.position, f.id
"""
_COMPANY_PAGE = _PAGE.format(wanted=_WANTED_BY_COMPANY, bodies=_OF_COMPANY)
_SUBSCRIPTION_PAGE = _PAGE.format(wanted=_WANTED_BY_SUBSCRIPTION, bodies=_OF_SUBSCRIPTION)
_DELETED_TO = "SELECT deleted_to FROM subscriptions_feedstart WHERE company_id = %s"
_BEHIND = """
SELECT count(*) FROM (SELECT FROM subscriptions_event
                       WHERE company_id = %s AND (position, id) > (%s, %s) LIMIT %s) AS newer
"""


@dataclass(frozen=True, slots=True)
class FeedEvent:
    cursor: Cursor  # after it
    id: UUID
    type: str
    subject_id: str
    sequence: int
    test: bool
    created_at: datetime
    payload_version: str | None
    encoding: str
    body: bytes | None  # as sent; None: nobody wanted it in a version in which it tells something
    headers: str  # that its shape brings, as JSON; empty for none


@dataclass(frozen=True, slots=True)
class Page:
    """`cursor`: where to go on. `more`: there may be more now; otherwise the end was reached."""

    events: list[FeedEvent]
    cursor: Cursor
    more: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """What is read: all events of a company, or those that a subscription of it gets; of some types."""

    company: Company
    subscription: Subscription | None = None
    types: Sequence[str] = field(default_factory=list)

    def read(self, after: Cursor, *, size: int) -> Page:
        """Raises CannotContinue."""
        now = horizon.read()
        if after.position >= now.next:
            raise Ahead
        with connection.cursor() as cursor:
            cursor.execute(
                _COMPANY_PAGE if self.subscription is None else _SUBSCRIPTION_PAGE,
                {
                    "company": self.company.pk,
                    "subscription": self.subscription.pk if self.subscription else None,
                    "types": list(self.types),
                    "position": after.position,
                    "id": after.event_id,
                    "safe": now.safe,
                    "size": size,
                    "scanned": MOST_SCANNED if self.subscription or self.types else size + 1,
                    "filtered": f"{FILTERED}%",
                    "bytes": MOST_BYTES,
                },
            )
            rows = cursor.fetchall()
            # Asked after the events: what was deleted meanwhile is noticed.
            cursor.execute(_DELETED_TO, [self.company.pk])
            deleted = cursor.fetchone()
        if deleted is not None and BEGINNING < after < after_all_of(deleted[0]):
            raise Expired
        return _page(rows, after, now.safe, size, scanned=MOST_SCANNED if self.subscription or self.types else size + 1)

    def newest(self) -> Cursor:
        """The place after all events that can be seen."""
        return after_all_of(horizon.read().safe - 1)

    def count_behind(self, after: Cursor, *, most: int) -> int:
        """How many events of the company follow, `most` at most."""
        with connection.cursor() as cursor:
            cursor.execute(_BEHIND, [self.company.pk, after.position, after.event_id, most])
            return int(cursor.fetchone()[0])


def _page(rows: list[tuple[Any, ...]], after: Cursor, safe: int, size: int, *, scanned: int) -> Page:
    number, chosen, last_position, last_id = rows[0][:4]
    events = [_event(row[4:]) for row in rows if row[4] is not None]
    if events and (len(events) == size or len(events) < chosen):
        return Page(events, events[-1].cursor, more=True)
    if number == scanned:
        return Page(events, Cursor(last_position, last_id), more=True)
    return Page(events, max(after, after_all_of(safe - 1)), more=False)


def _event(row: tuple[Any, ...]) -> FeedEvent:
    position, event_id, kind, subject, sequence, test, created_at, version, encoding, body, headers = row
    sent = None if body is None else encode_body(bytes(body), encoding)
    return FeedEvent(
        Cursor(position, event_id),
        event_id,
        kind,
        subject,
        sequence,
        test,
        created_at,
        version,
        encoding,
        sent,
        headers,
    )
