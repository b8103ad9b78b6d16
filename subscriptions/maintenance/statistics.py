"""Hourly delivery statistics, counted once a minute from new attempts, so that no page has to count a million rows.

Invariants
- Each attempt is counted once: counts and progress are written in one transaction, by one process at a time.
- None is missed: ids are counted only after every transaction that could still commit a lower id has ended. A
  transaction that writes attempts locks their table from before its first id until its commit.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.db.models.functions import Now

from ..models import HourlyStatistics, StatisticsProgress

# Upper bounds of the latency histogram, in milliseconds from the event to the answer. The last step has none.
BOUNDS = (50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 30_000, 60_000, 600_000, 3_600_000)
BATCH = 20_000  # attempts in one transaction, which takes about a tenth of a second
RUN_SECONDS = 15.0  # at most, of a sweep that runs every minute
MOST_LIVE = 5_000  # newer attempts that a page counts itself, in some 20 ms
KEPT_DAYS = 35  # pages show a week

_COUNTED = f"""
SELECT tried.subscription_id, tried.company_id, date_trunc('hour', tried.started_at, 'UTC') AS hour,
       count(*) FILTER (WHERE good)::int AS delivered,
       count(*) FILTER (WHERE NOT good AND over)::int AS failed,
       count(*) FILTER (WHERE NOT good AND NOT over)::int AS retried,
       ARRAY[{", ".join(f"count(*) FILTER (WHERE step = {step})::int" for step in range(len(BOUNDS) + 1))}] AS latency
  FROM (SELECT d.subscription_id, d.company_id, a.started_at, a.outcome = 'delivered' AS good,
               d.state = 'failed' AND a.number = d.attempts AS over,
               -- Not for manual resends: their time says when somebody clicked.
               CASE WHEN a.outcome = 'delivered' AND d.round_began_after = 0 THEN width_bucket(
                   1000 * extract(epoch FROM a.started_at - d.created_at) + coalesce(a.duration_ms, 0),
                   ARRAY[{", ".join(map(str, BOUNDS))}]::numeric[]) END AS step
          FROM ({{attempts}}) a
          JOIN subscriptions_delivery d ON d.id = a.delivery_id
         -- An alert is none of the company's webhooks.
         WHERE NOT EXISTS (SELECT FROM subscriptions_alertdestination l WHERE l.endpoint_id = d.subscription_id)) tried
"""
_ROLL_UP = f"""
INSERT INTO subscriptions_hourlyfigures AS f
       (subscription_id, company_id, hour, delivered, failed, retried, latency)
{_COUNTED.format(attempts="SELECT * FROM subscriptions_attempt WHERE id > %s AND id <= %s")}
 GROUP BY 1, 2, 3 ORDER BY 1, 3
    ON CONFLICT (subscription_id, hour) DO UPDATE SET
       delivered = f.delivered + excluded.delivered, failed = f.failed + excluded.failed,
       retried = f.retried + excluded.retried,
       latency = ARRAY(SELECT x + y FROM unnest(f.latency, excluded.latency) WITH ORDINALITY AS t (x, y, n) ORDER BY n)
"""
_NEWEST = "SELECT coalesce(max(id), 0), clock_timestamp() FROM subscriptions_attempt"
_STILL_WRITING = """
SELECT EXISTS (
    SELECT FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.relation = 'subscriptions_attempt'::regclass AND l.mode = 'RowExclusiveLock'
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.pid <> pg_backend_pid()
       -- Another role's start time may be hidden from us: then assume an old transaction.
       AND coalesce(a.xact_start < %s, TRUE))
"""


def _summed(step: int) -> str:
    return f"coalesce(sum(latency[{step}]) FILTER (WHERE hour >= %(latency_since)s), 0)::int"


_BY_HOUR = f"""
SELECT {{by}}, hour, sum(delivered)::int, sum(failed)::int, sum(retried)::int,
       ARRAY[{", ".join(_summed(step + 1) for step in range(len(BOUNDS) + 1))}]
  FROM (SELECT {{columns}}, hour, delivered, failed, retried, latency
          FROM {{table}} f WHERE f.hour >= %(since)s AND {{mine}}
        UNION ALL
        {
    _COUNTED.format(
        attempts=f'''
            SELECT * FROM subscriptions_attempt
             WHERE id > coalesce((SELECT counted_to FROM subscriptions_figuresmark), 0) ORDER BY id LIMIT {MOST_LIVE}
        '''
    )
}
         WHERE tried.started_at >= %(since)s AND {{live_mine}}
         GROUP BY 1, 2, 3) AS whole
 GROUP BY 1, 2
"""


@dataclass
class Statistics:
    """Of a period: webhooks delivered, webhooks given up, failed attempts that were followed by another, and the
    latency histogram (steps of BOUNDS)."""

    delivered: int = 0
    failed: int = 0
    retried: int = 0
    latency: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def add(self, other: Statistics) -> None:
        self.delivered += other.delivered
        self.failed += other.failed
        self.retried += other.retried
        self.latency = [mine + theirs for mine, theirs in zip(self.latency, other.latency, strict=True)]

    @property
    def success(self) -> float | None:
        """Delivered webhooks as a fraction of all finished ones, 0 to 1; None if none is finished."""
        over = self.delivered + self.failed
        return self.delivered / over if over else None

    def within(self, part: float) -> int | None:
        """The latency percentile `part` (0 to 1) in milliseconds, rounded up to one of BOUNDS. None without deliveries,
        or above the last bound."""
        wanted, seen = part * sum(self.latency), 0
        if not wanted:
            return None
        for bound, count in zip(BOUNDS, self.latency, strict=False):
            seen += count
            if seen >= wanted:
                return bound
        return None


Hours = dict[datetime, Statistics]


@dataclass(frozen=True, slots=True)
class _Of:
    """Whose statistics are read: from `table`, with its `columns` for subscription and company; grouped by `by`, where
    `mine` holds."""

    table: str
    columns: str
    by: str
    mine: str


_OF_SERVICE = _Of("subscriptions_servicehour", "0 AS subscription_id, 0 AS company_id", "0", "TRUE")
_OF_COMPANIES = _Of(
    "subscriptions_companyhour", "0 AS subscription_id, company_id", "0", "{}company_id = ANY(%(mine)s)"
)
_OF_SUBSCRIPTIONS = _Of(
    "subscriptions_hourlyfigures",
    "subscription_id, company_id",
    "subscription_id",
    "{}subscription_id = ANY(%(mine)s)",
)


def read_for_companies(companies: Iterable[int] | None, *, hours: int, latency_hours: int | None = None) -> Hours:
    """Statistics by hour for the last `hours` hours, the current one included. Hours without attempts are left out.
    `companies` None: all companies. `latency_hours`: how far back latency is read, which is most of the work; None: as
    far as the rest."""
    of = _OF_SERVICE if companies is None else _OF_COMPANIES
    rows = _read(of, companies or (), hours, latency_hours)
    return {hour: statistics for _, hour, statistics in rows}


def read_for_subscriptions(subscriptions: Iterable[int], *, hours: int) -> Mapping[int, Hours]:
    found: dict[int, Hours] = {}
    for pk, hour, statistics in _read(_OF_SUBSCRIPTIONS, subscriptions, hours):
        found.setdefault(pk, {})[hour] = statistics
    return found


def sum_up(hours: Mapping[datetime, Statistics]) -> Statistics:
    whole = Statistics()
    for one in hours.values():
        whole.add(one)
    return whole


def _read(
    of: _Of, ids: Iterable[int], hours: int, latency_hours: int | None = None
) -> list[tuple[int, datetime, Statistics]]:
    query = _BY_HOUR.format(
        table=of.table, columns=of.columns, by=of.by, mine=of.mine.format("f."), live_mine=of.mine.format("tried.")
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT date_trunc('hour', clock_timestamp(), 'UTC')")
        (now,) = cursor.fetchone()
        since, latency_since = (now - timedelta(hours=number - 1) for number in (hours, latency_hours or hours))
        cursor.execute(query, {"since": since, "latency_since": latency_since, "mine": list(ids)})
        return [
            (key, hour, Statistics(delivered, failed, retried, latency))
            for key, hour, delivered, failed, retried, latency in cursor.fetchall()
        ]


def roll_up(*, seconds: float = RUN_SECONDS) -> int:
    """Count new attempts. Returns how many ids were processed. Safe to call at any time, by several processes at
    once."""
    ends_at, processed = time.monotonic() + seconds, 0
    StatisticsProgress.objects.get_or_create(pk=1)
    while time.monotonic() < ends_at:
        step = _count_batch()
        processed += step
        if step < BATCH:
            break
    return processed


def _count_batch() -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        progress = StatisticsProgress.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        if progress is None:
            return 0  # another process is counting
        upto = progress.counted_to
        if progress.next_to > progress.counted_to:
            cursor.execute(_STILL_WRITING, [progress.next_at])
            if not cursor.fetchone()[0]:
                upto = min(progress.next_to, progress.counted_to + BATCH)
        if upto > progress.counted_to:
            cursor.execute(_ROLL_UP, [progress.counted_to, upto])
        step, progress.counted_to = upto - progress.counted_to, upto
        if progress.counted_to >= progress.next_to:
            cursor.execute(_NEWEST)
            progress.next_to, progress.next_at = cursor.fetchone()
        progress.save()
        return step


def find_expired(model: type[Model] = HourlyStatistics) -> Any:
    """The rows that retention deletes."""
    return model._default_manager.filter(hour__lt=Now() - timedelta(days=KEPT_DAYS))
