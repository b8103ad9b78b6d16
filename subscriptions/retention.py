"""What is over goes: finished deliveries with their attempts, and the events that nobody needs any more.

Small batches, each a transaction of its own, walking the primary keys in the order of time: no long lock, no index
needed for it, and a run that is interrupted loses nothing but its place. What waits or is held never goes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Model
from django_q.models import Task

from .ids import first_uuid7_at
from .models import Delivery, IdempotentAnswer
from .models.idempotency import KEPT_HOURS

logger = logging.getLogger(__name__)

BATCH = 1000  # rows looked at in one transaction: some tens of milliseconds
RUN_SECONDS = 50.0  # below django-q2's timeout; the next run goes on

_DELIVERIES = """
WITH looked_at AS (
    SELECT id, state, created_at FROM subscriptions_delivery WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
), old AS (
    SELECT id FROM looked_at
     WHERE (state = 'delivered' AND created_at < %(delivered_before)s)
        OR (state IN ('failed', 'cancelled') AND created_at < %(failed_before)s)
), attempts AS (
    DELETE FROM subscriptions_attempt WHERE delivery_id IN (SELECT id FROM old)
), deliveries AS (
    DELETE FROM subscriptions_delivery WHERE id IN (SELECT id FROM old) AND state = ANY (%(finished)s) RETURNING id
)
SELECT (SELECT max(id) FROM looked_at), (SELECT max(created_at) FROM looked_at), (SELECT count(*) FROM deliveries)
"""

_EVENTS = """
WITH looked_at AS (
    SELECT id FROM subscriptions_event WHERE id > %(after)s AND id < %(before)s ORDER BY id LIMIT %(batch)s
), gone AS (
    DELETE FROM subscriptions_event e USING looked_at
     WHERE e.id = looked_at.id AND NOT EXISTS (SELECT 1 FROM subscriptions_delivery d WHERE d.event_id = e.id)
    RETURNING e.id
)
SELECT (SELECT id FROM looked_at ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM gone)
"""


def tidy(*, seconds: float = RUN_SECONDS) -> dict[str, int]:
    """Delete what is over, for so many seconds at most. Returns how many rows of each kind went."""
    ends_at = time.monotonic() + seconds

    def time_left() -> bool:
        return time.monotonic() < ends_at

    gone = {
        "deliveries": _tidy_deliveries(time_left),
        "events": _tidy_events(time_left),
        "tasks": _tidy_tasks(),
        "kept answers": _tidy_old(IdempotentAnswer, "created_at", timedelta(hours=KEPT_HOURS), time_left),
        "sessions": _tidy_old(Session, "expire_date", timedelta(0), time_left),
    }
    logger.info("Retention: %s", ", ".join(f"{count} {kind}" for kind, count in gone.items()))
    return gone


def _tidy_deliveries(time_left: Callable[[], bool]) -> int:
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "delivered_before": now - timedelta(days=settings.RETAIN_DELIVERED_DAYS),
        "failed_before": now - timedelta(days=settings.RETAIN_FAILED_DAYS),
        "finished": [Delivery.State.DELIVERED, Delivery.State.FAILED, Delivery.State.CANCELLED],
        "batch": BATCH,
        "after": 0,
    }
    gone = 0
    while time_left():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_DELIVERIES, values)
            last, newest, count = cursor.fetchone()
        gone += count
        # Ids and times run alike: behind a row that is too young come only younger ones.
        if last is None or newest > max(values["delivered_before"], values["failed_before"]):
            break
        values["after"] = last
    return gone


def _tidy_events(time_left: Callable[[], bool]) -> int:
    oldest_kept = datetime.now(UTC) - timedelta(days=settings.RETAIN_DELIVERED_DAYS)
    values: dict[str, Any] = {
        "after": first_uuid7_at(0.0),
        "before": first_uuid7_at(oldest_kept.timestamp()),
        "batch": BATCH,
    }
    gone = 0
    while time_left():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_EVENTS, values)
            last, count = cursor.fetchone()
        gone += count
        if last is None:
            break
        values["after"] = last
    return gone


def _tidy_old(model: type[Model], field: str, age: timedelta, time_left: Callable[[], bool]) -> int:
    """Rows whose time lies so far back, in batches. The field has an index."""
    oldest_kept = datetime.now(UTC) - age
    gone = 0
    while time_left():
        rows = model._default_manager.filter(**{f"{field}__lt": oldest_kept}).values_list("pk", flat=True)[:BATCH]
        count = model._default_manager.filter(pk__in=list(rows)).delete()[0]
        gone += count
        if not count:
            break
    return gone


def _tidy_tasks() -> int:
    """django-q2 keeps failed tasks for people to look at, for ever; the successful ones are not kept at all."""
    oldest_kept = datetime.now(UTC) - timedelta(days=settings.RETAIN_FAILED_DAYS)
    return Task.objects.filter(stopped__lt=oldest_kept).delete()[0]
