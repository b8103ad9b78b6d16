"""Retention of the log: finished deliveries with their attempts, and the events that nobody needs any more.

It walks the primary keys in the order of time, so it needs no index of its own, and remembers how far it has come. What
it leaves behind is what is kept for longer: failures, and what waits or is held, which never goes. Once a day it walks
from the beginning, for what has become old enough since.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from ..lib.ids import first_uuid7_at
from ..models import Delivery, RetentionPlace

BATCH = 1000  # rows looked at in one transaction: some tens of milliseconds
FROM_THE_BEGINNING = timedelta(days=1)

_DELIVERIES = """
WITH looked_at AS (
    SELECT id, state, created_at FROM subscriptions_delivery WHERE id > %(after)s::bigint ORDER BY id LIMIT %(batch)s
), old AS (
    SELECT id FROM looked_at
     WHERE (state = 'delivered' AND created_at < %(delivered_before)s)
        OR (state IN ('failed', 'cancelled') AND created_at < %(failed_before)s)
), attempts AS (
    DELETE FROM subscriptions_attempt WHERE delivery_id IN (SELECT id FROM old)
), deliveries AS (
    DELETE FROM subscriptions_delivery WHERE id IN (SELECT id FROM old) AND state = ANY (%(finished)s) RETURNING id
)
-- Ids and times run alike: behind a row that is too young come only younger ones.
SELECT max(id) FILTER (WHERE created_at < %(youngest)s), count(*) FILTER (WHERE created_at < %(youngest)s),
       (SELECT count(*) FROM deliveries) FROM looked_at
"""

_EVENTS = """
WITH looked_at AS (
    SELECT id FROM subscriptions_event WHERE id > %(after)s::uuid AND id < %(before)s ORDER BY id LIMIT %(batch)s
), gone AS (
    DELETE FROM subscriptions_event e USING looked_at
     WHERE e.id = looked_at.id AND NOT EXISTS (SELECT 1 FROM subscriptions_delivery d WHERE d.event_id = e.id)
    RETURNING e.id
)
SELECT (SELECT id FROM looked_at ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM looked_at),
       (SELECT count(*) FROM gone)
"""


class Table(NamedTuple):
    name: str
    first: str  # lies before every id
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
    return _walk(DELIVERIES, values, time_left)


def delete_old_events(time_left: Callable[[], bool]) -> int:
    oldest_kept = datetime.now(UTC) - timedelta(days=settings.RETAIN_DELIVERED_DAYS)
    return _walk(EVENTS, {"before": first_uuid7_at(oldest_kept.timestamp())}, time_left)


def _walk(table: Table, values: dict[str, Any], time_left: Callable[[], bool]) -> int:
    """Go on from the remembered place to where the rows are too young, or until the time is up. Returns how many
    went."""
    place, gone = _place(table), 0
    while time_left():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(table.batch, {**values, "after": place.reached, "batch": BATCH})
            last, looked_at, count = cursor.fetchone()
        gone += count
        place.reached = str(last) if looked_at else place.reached
        if looked_at < BATCH:
            place.done = True
            break
    place.save()
    return gone


def _place(table: Table) -> RetentionPlace:
    now = datetime.now(UTC)
    beginning = RetentionPlace(table=table.name, reached=table.first, began_at=now, done=False)
    place = RetentionPlace.objects.filter(pk=table.name).first()
    if place is None or (place.done and place.began_at < now - FROM_THE_BEGINNING):
        return beginning
    return place
