"""Delete expired rows: once an hour, and on while some are left. Each app registers its own; those of `subscriptions`
are here.

Each batch is a short transaction: no long locks, and an interrupted run loses nothing. Each table gets its share of a
run's time, however much the others have to delete.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.models.functions import Now

from ..counters.known import DELETED
from ..models import CompanyStatistics, IdempotentAnswer, Manifest, ServiceStatistics
from ..models.idempotency import KEPT_HOURS
from . import delivery_retention, statistics

logger = logging.getLogger(__name__)

BATCH = 1000  # rows of one transaction, which takes some tens of milliseconds
RUN_SECONDS = 50.0  # below django-q2's timeout; the next run continues

Rows = Callable[[], QuerySet[Any]]
TimeLeft = Callable[[], bool]

_registered: dict[str, Rows] = {}
_steps: dict[str, Callable[[TimeLeft], int]] = {}


def register(name: str, rows: Rows) -> None:
    """Have every run delete the rows that `rows()` selects. Call it in `AppConfig.ready`. `name` appears in the log.
    The query needs an index, unless the table is small."""
    _registered[name] = rows


def register_step(name: str, delete: Callable[[TimeLeft], int]) -> None:
    """Have every run call `delete`, which deletes while there is time and returns how many rows it deleted."""
    _steps[name] = delete


class Deadline:
    """Says whether there is time left, and remembers that once there was none."""

    def __init__(self, moment: float) -> None:
        self._moment = moment
        self.missed = False

    def __call__(self) -> bool:
        self.missed = self.missed or time.monotonic() >= self._moment
        return not self.missed


def delete_expired(*, seconds: float = RUN_SECONDS) -> dict[str, int]:
    """Delete expired rows, for `seconds` at most. Returns the number of deleted rows by name."""
    return _delete(seconds)[0]


def delete_some(*, seconds: float = RUN_SECONDS) -> bool:
    """The same. Returns whether something expired may be left: then the next run should follow at once."""
    return _delete(seconds)[1]


def _delete(seconds: float) -> tuple[dict[str, int], bool]:
    kinds: dict[str, Callable[[TimeLeft], int]] = {
        **{name: _delete_in_batches(rows) for name, rows in (OWN | _registered).items()},
        **_steps,
        "deliveries": delivery_retention.delete_old_deliveries,
        "events": delivery_retention.delete_old_events,
    }
    ends_at = time.monotonic() + seconds
    deleted: dict[str, int] = {}
    left = False
    for number, (name, delete) in enumerate(kinds.items()):
        now = time.monotonic()
        deadline = Deadline(now + (ends_at - now) / (len(kinds) - number))
        deleted[name] = delete(deadline)
        DELETED.add(name, by=deleted[name])
        left = left or deadline.missed
    logger.info("Retention: %s", ", ".join(f"{count} {kind}" for kind, count in deleted.items()))
    return deleted, left


def _delete_in_batches(rows: Rows) -> Callable[[TimeLeft], int]:
    def delete(time_left: TimeLeft) -> int:
        old, deleted = rows(), 0
        while time_left():
            batch = list(old.order_by().values_list("pk", flat=True)[:BATCH])
            deleted += old.filter(pk__in=batch).delete()[0]  # and still expired: it may have changed meanwhile
            if len(batch) < BATCH:
                break
        return deleted

    return delete


OWN: dict[str, Rows] = {
    "kept answers": lambda: IdempotentAnswer.objects.filter(created_at__lt=Now() - timedelta(hours=KEPT_HOURS)),
    "hourly statistics": statistics.find_expired,
    "statistics of companies": lambda: statistics.find_expired(CompanyStatistics),
    "statistics of the service": lambda: statistics.find_expired(ServiceStatistics),
    "manifests": lambda: Manifest.objects.filter(day__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
    "sessions": lambda: Session.objects.filter(expire_date__lt=Now()),
}
