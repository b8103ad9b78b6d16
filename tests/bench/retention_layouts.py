"""The table of attempts as it is, and in partitions: how each is made, and how each gives a day back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from tests.bench.retention_data import DAYS, Log, drop_indexes, fill_attempts

TABLE = "subscriptions_attempt"
READ_DAY = DAYS // 2  # that queries are about
SPARSE = 20  # in a partition that nobody asks for, an attempt for every so many deliveries
# What retention asks of this table. Where a partition was dropped, there is nothing to ask.
_DELETE = "DELETE FROM subscriptions_attempt WHERE delivery_id IN (SELECT id FROM old)"


class Layout(Protocol):
    @property
    def name(self) -> str: ...

    def make(self, log: Log, day: int) -> None:
        """The table with the attempts from `day` on, those of `day` with all that they have."""

    def give_back(self, log: Log, day: int) -> dict[str, float]:
        """Delete the deliveries of the day with their attempts. Returns the seconds of each part."""


@dataclass(frozen=True, slots=True)
class Today:
    name: str = "today"

    def make(self, log: Log, day: int) -> None:
        with connection.cursor() as cursor:
            indexes = drop_indexes(cursor, TABLE)
            for number in range(day, DAYS):
                fill_attempts(log, TABLE, number, full=number == day)
            for statement in indexes:
                cursor.execute(statement)
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [TABLE, log.last])
            cursor.execute(f"VACUUM (ANALYZE, FREEZE) {TABLE}")

    def give_back(self, log: Log, day: int) -> dict[str, float]:
        return {"deliveries": _delete_deliveries(log, day)}


@dataclass(frozen=True, slots=True)
class Partitioned:
    """By day, most of them nearly empty. `key`: the column that says to which day an attempt belongs. Each key of the
    table holds it."""

    name: str
    key: str

    def make(self, log: Log, day: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
                [TABLE],
            )
            foreign = [definition for (definition,) in cursor.fetchall()]
            cursor.execute(f"CREATE TABLE bench_new (LIKE {TABLE} INCLUDING DEFAULTS) PARTITION BY RANGE ({self.key})")
            cursor.execute(f"DROP TABLE {TABLE}")
            cursor.execute(f"ALTER TABLE bench_new RENAME TO {TABLE}")
            for definition in foreign:
                cursor.execute(f"ALTER TABLE {TABLE} ADD {definition}")
            for number in range(day, DAYS):
                self._add(cursor, log, number)
                # To drop one costs the same whatever others hold.
                whole = number in (day, READ_DAY)
                fill_attempts(log, _part(number), number, full=number == day, each=1 if whole else SPARSE)
            for columns in (["id"], ["delivery_id", "number"]):
                kind = "PRIMARY KEY" if columns == ["id"] else "UNIQUE"
                keys = ", ".join(columns if self.key in columns else [*columns, self.key])
                cursor.execute(f"ALTER TABLE {TABLE} ADD {kind} ({keys})")
            cursor.execute(f"CREATE INDEX ON {TABLE} (batch) WHERE batch IS NOT NULL")
            cursor.execute(f"CREATE SEQUENCE IF NOT EXISTS bench_attempt_id START {log.last + 1}")
            cursor.execute(f"ALTER TABLE {TABLE} ALTER id SET DEFAULT nextval('bench_attempt_id')")
            cursor.execute(f"VACUUM (ANALYZE, FREEZE) {TABLE}")

    def give_back(self, log: Log, day: int) -> dict[str, float]:
        """A small partition with what is kept for longer takes the place of the day's."""
        began = time.monotonic()
        part, small = _part(day), f"bench_kept_{day}"
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {small} (LIKE {part} INCLUDING ALL)")
            cursor.execute(
                f"INSERT INTO {small} SELECT a.* FROM {part} a JOIN subscriptions_delivery d ON d.id = a.delivery_id "
                "WHERE d.state <> 'delivered'"
            )
            lower, upper = self._bounds(log, day)
            cursor.execute(
                f"ALTER TABLE {small} ADD CHECK ({self.key} IS NOT NULL AND {self.key} >= {lower} "
                f"AND {self.key} < {upper})"
            )
            copied = time.monotonic()
            cursor.execute(
                f"BEGIN; DROP TABLE {part}; ALTER TABLE {TABLE} ATTACH PARTITION {small} "
                f"FOR VALUES FROM ({lower}) TO ({upper}); COMMIT"
            )
        dropped = time.monotonic()
        return {
            "keep": copied - began,
            "drop": dropped - copied,
            "deliveries": _delete_deliveries(log, day, with_attempts=False),
        }

    def _add(self, cursor: Any, log: Log, day: int) -> None:
        lower, upper = self._bounds(log, day)
        cursor.execute(
            f"CREATE TABLE {_part(day)} PARTITION OF {TABLE} FOR VALUES FROM ({lower}) TO ({upper}) "
            "WITH (autovacuum_enabled = off)"
        )

    def _bounds(self, log: Log, day: int) -> tuple[str, str]:
        """The last one takes what comes while the bench runs."""
        if self.key == "delivery_id":
            first, behind = log.rows(day)
            return str(first), "MAXVALUE" if day == DAYS - 1 else str(behind)
        lower = f"'{log.end(day - 1).isoformat()}'"
        return lower, "MAXVALUE" if day == DAYS - 1 else f"'{log.end(day).isoformat()}'"


def _part(day: int) -> str:
    return f"bench_attempt_{day}"


def delete_events(log: Log, day: int) -> float:
    """Retention's own, of events whose deliveries are gone. Returns seconds."""
    from subscriptions.maintenance import delivery_retention

    with _kept_from(log.end(day)):
        began = time.monotonic()
        delivery_retention.delete_old_events(lambda: True)
        return time.monotonic() - began


def _delete_deliveries(log: Log, day: int, *, with_attempts: bool = True) -> float:
    """Retention's own statement for all that is older than the end of the day. Returns seconds."""
    from subscriptions.maintenance import delivery_retention
    from subscriptions.models import Delivery

    table = delivery_retention.DELIVERIES
    assert _DELETE in table.batch
    began = time.monotonic()
    try:
        if not with_attempts:
            delivery_retention.DELIVERIES = table._replace(batch=table.batch.replace(_DELETE, "SELECT 1"))
        with _kept_from(log.end(day)):
            deleted = delivery_retention.delete_old_deliveries(lambda: True)
    finally:
        delivery_retention.DELIVERIES = table
    seconds = time.monotonic() - began
    if deleted < log.per_day * 0.9:
        raise RuntimeError(f"Of a day's {log.per_day} deliveries only {deleted} were deleted.")
    if Delivery.objects.filter(id__lt=log.rows(day)[1], state="delivered").count() > log.per_day * 0.01 + 2:
        raise RuntimeError("Delivered webhooks of that day are left.")
    return seconds


def _kept_from(moment: datetime) -> override_settings:
    """A second earlier: what is a moment younger than the partition keeps its delivery."""
    kept = (timezone.now() - moment).total_seconds() + 1
    return override_settings(RETAIN_DELIVERED_DAYS=kept / 86_400, RETAIN_FAILED_DAYS=90)
