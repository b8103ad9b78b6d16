"""Retention of the log: deletes old finished deliveries with their attempts, and events without deliveries.

It reads along the primary key, which follows the time, so it needs no index of its own, and remembers how far it has
come. It passes over rows that are kept for longer: failures, and deliveries that wait or are held, which are never
deleted. Once a day it starts from the beginning, for rows that have become old enough since. In the same statement it
notes from where on each company's feed is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from ..lib.ids import first_uuid7_at
from ..models import Delivery, RetentionPlace

BATCH = 1000  # rows read in one transaction, which takes some tens of milliseconds
FULL_PASS_EVERY = timedelta(days=1)

# Whoever has read less of a company's feed than this has missed something: `feed/reading.py` says so.
START_FEEDS = """INSERT INTO subscriptions_feedstart AS f (company_id, deleted_to)
    SELECT e.company_id, max(e.position)"""
LATER = """GROUP BY e.company_id ORDER BY e.company_id
        ON CONFLICT (company_id) DO UPDATE SET deleted_to = greatest(f.deleted_to, excluded.deleted_to)"""

_DELIVERIES = f"""
WITH read_rows AS (
    SELECT id, state, created_at FROM subscriptions_delivery WHERE id > %(after)s::bigint ORDER BY id LIMIT %(batch)s
), old AS (
    SELECT id FROM read_rows
     WHERE (state = 'delivered' AND created_at < %(delivered_before)s)
        OR (state IN ('failed', 'cancelled') AND created_at < %(failed_before)s)
), attempts AS (
    DELETE FROM subscriptions_attempt WHERE delivery_id IN (SELECT id FROM old)
), deliveries AS (
    DELETE FROM subscriptions_delivery WHERE id IN (SELECT id FROM old) AND state = ANY (%(finished)s)
    RETURNING id, event_id
), feed_starts AS (
    {START_FEEDS}
      FROM subscriptions_event e WHERE e.id IN (SELECT event_id FROM deliveries)
    {LATER}
)
-- Ids follow the time: after a row that is too young come only younger ones.
SELECT max(id) FILTER (WHERE created_at < %(youngest)s), count(*) FILTER (WHERE created_at < %(youngest)s),
       (SELECT count(*) FROM deliveries) FROM read_rows
"""

_EVENTS = f"""
WITH read_rows AS (
    SELECT id FROM subscriptions_event WHERE id > %(after)s::uuid AND id < %(before)s ORDER BY id LIMIT %(batch)s
), deleted AS (
    DELETE FROM subscriptions_event e USING read_rows
     WHERE e.id = read_rows.id AND NOT EXISTS (SELECT 1 FROM subscriptions_delivery d WHERE d.event_id = e.id)
    RETURNING e.id, e.company_id, e.position
), feed_starts AS (
    {START_FEEDS}
      FROM deleted e
    {LATER}
), bodies AS (
    DELETE FROM subscriptions_eventbody b USING deleted WHERE b.event_id = deleted.id
), shaped AS (
    DELETE FROM subscriptions_shapedbody b USING deleted WHERE b.event_id = deleted.id
)
SELECT (SELECT id FROM read_rows ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM read_rows),
       (SELECT count(*) FROM deleted)
"""


class Table(NamedTuple):
    name: str
    first: str  # smaller than every id
    batch: str


DELIVERIES = Table("deliveries", "0", _DELIVERIES)
EVENTS = Table("events", str(first_uuid7_at(0.0)), _EVENTS)


def delete_old_deliveries(time_left: Callable[[], bool]) -> int:
    now = datetime.now(UTC)
    delivered_before = now - timedelta(days=settings.RETAIN_DELIVERED_DAYS)
    failed_before = now - timedelta(days=settings.RETAIN_FAILED_DAYS)
    values = {
        "delivered_before": delivered_before,
        "failed_before": failed_before,
        "youngest": max(delivered_before, failed_before),
        "finished": [Delivery.State.DELIVERED, Delivery.State.FAILED, Delivery.State.CANCELLED],
    }
    return _delete_along_key(DELIVERIES, values, time_left)


def delete_old_events(time_left: Callable[[], bool]) -> int:
    oldest_kept = datetime.now(UTC) - timedelta(days=settings.RETAIN_DELIVERED_DAYS)
    return _delete_along_key(EVENTS, {"before": first_uuid7_at(oldest_kept.timestamp())}, time_left)


def _delete_along_key(table: Table, values: dict[str, Any], time_left: Callable[[], bool]) -> int:
    """Continue from the remembered place until rows are too young or the time is over. Returns how many rows were
    deleted."""
    place, deleted = _load_place(table), 0
    while time_left():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(table.batch, {**values, "after": place.reached, "batch": BATCH})
            last, read_rows, count = cursor.fetchone()
        deleted += count
        place.reached = str(last) if read_rows else place.reached
        if read_rows < BATCH:
            place.done = True
            break
    place.save()
    return deleted


def _load_place(table: Table) -> RetentionPlace:
    now = datetime.now(UTC)
    beginning = RetentionPlace(table=table.name, reached=table.first, began_at=now, done=False)
    place = RetentionPlace.objects.filter(pk=table.name).first()
    if place is None or (place.done and place.began_at < now - FULL_PASS_EVERY):
        return beginning
    return place
