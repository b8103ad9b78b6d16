"""Once a day is over, makes the manifests of all subscriptions, in pieces between which other tasks come."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import connection

from ...models import ManifestProgress, Subscription
from .. import horizon
from .making import bounds, make

logger = logging.getLogger(__name__)

# After the end of the day: most retries of a receiver that was away have been made, and the outcome is known.
GRACE = timedelta(hours=3)
LOOKED_AT = 100  # subscriptions of one statement
# Deliveries that are deleted sooner than this are gone before their day is over and its manifest is made.
LEAST_DAYS = 2
_LOCK = 7_140_020  # of PostgreSQL's advisory locks: one process makes manifests


def make_some(time_left: Callable[[], bool]) -> int:
    """Make what is due, as long as there is time. Returns how many were made. Safe to call at any time."""
    if settings.RETAIN_DELIVERED_DAYS < LEAST_DAYS:
        return 0
    with _alone() as alone:
        return _make_days(time_left) if alone else 0


def _make_days(time_left: Callable[[], bool]) -> int:
    progress, _ = ManifestProgress.objects.get_or_create(pk=1)
    made = 0
    while time_left():
        now = _now()
        day = progress.done + timedelta(days=1) if progress.done else now.date() - timedelta(days=1)
        if now < bounds(day)[1] + GRACE or not _is_complete(progress):
            break
        for subscription in _with_events(day, progress.reached):
            if not time_left():
                return made
            made += make(subscription, day) is not None
            progress.reached = subscription.pk
            progress.save()
        logger.info("Manifests of %s are made.", day)
        progress.done, progress.reached, progress.waits_for = day, 0, None
        progress.save()
    return made


def _is_complete(progress: ManifestProgress) -> bool:
    """Whether all that could still have been written for the day has been: transactions that ran when it was first
    looked at, hours after its end, are over."""
    if progress.waits_for is None:
        progress.waits_for = horizon.mark()
        progress.save()
    return horizon.read().safe >= progress.waits_for


def _with_events(day: date, reached: int) -> Iterator[Subscription]:
    start, end = bounds(day)
    while True:
        found = list(
            Subscription.objects.raw(
                """
                SELECT s.* FROM subscriptions_subscription s
                 WHERE s.id > %s AND EXISTS (
                       SELECT FROM subscriptions_delivery d
                        WHERE d.subscription_id = s.id AND d.created_at >= %s AND d.created_at < %s)
                 ORDER BY s.id LIMIT %s
                """,
                [reached, start, end, LOOKED_AT],
            )
        )
        yield from found
        if len(found) < LOOKED_AT:
            return
        reached = found[-1].pk


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now.astimezone(UTC)


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        locked = bool(cursor.fetchone()[0])
    try:
        yield locked
    finally:
        if locked:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
