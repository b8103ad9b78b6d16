"""What is over goes, once an hour: each app registers the rows of its own that do, and here are those of this app.

Small batches, each a transaction of its own: no long lock, and a run that is interrupted loses nothing. Each table has
its part of a run's time, whatever the others have to do.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.models.functions import Now

from ..models import IdempotentAnswer
from ..models.idempotency import KEPT_HOURS
from . import delivery_retention, statistics

logger = logging.getLogger(__name__)

BATCH = 1000  # rows of one transaction: some tens of milliseconds
RUN_SECONDS = 50.0  # below django-q2's timeout; the next run goes on

Rows = Callable[[], QuerySet[Any]]
TimeLeft = Callable[[], bool]

_registered: dict[str, Rows] = {}


def register(name: str, rows: Rows) -> None:
    """Rows that are deleted by the next run, as `rows()` finds them then. Called in `AppConfig.ready`; `name` stands in
    the log. What they are found by has an index, or the table is small."""
    _registered[name] = rows


def delete_expired(*, seconds: float = RUN_SECONDS) -> dict[str, int]:
    """Delete what is over, for so many seconds at most. Returns how many rows of each kind went."""
    kinds: dict[str, Callable[[TimeLeft], int]] = {
        **{name: _batches_of(rows) for name, rows in (OWN | _registered).items()},
        "deliveries": delivery_retention.delete_old_deliveries,
        "events": delivery_retention.delete_old_events,
    }
    ends_at = time.monotonic() + seconds
    gone: dict[str, int] = {}
    for number, (name, tidied) in enumerate(kinds.items()):
        now = time.monotonic()
        gone[name] = tidied(_before(now + (ends_at - now) / (len(kinds) - number)))
    logger.info("Retention: %s", ", ".join(f"{count} {kind}" for kind, count in gone.items()))
    return gone


def _before(moment: float) -> TimeLeft:
    return lambda: time.monotonic() < moment


def _batches_of(rows: Rows) -> Callable[[TimeLeft], int]:
    def tidied(time_left: TimeLeft) -> int:
        old, gone = rows(), 0
        while time_left():
            batch = list(old.order_by().values_list("pk", flat=True)[:BATCH])
            gone += old.filter(pk__in=batch).delete()[0]  # and still old: some are used again
            if len(batch) < BATCH:
                break
        return gone

    return tidied


OWN: dict[str, Rows] = {
    "kept answers": lambda: IdempotentAnswer.objects.filter(created_at__lt=Now() - timedelta(hours=KEPT_HOURS)),
    "hourly statistics": statistics.find_expired,
    "sessions": lambda: Session.objects.filter(expire_date__lt=Now()),
}
