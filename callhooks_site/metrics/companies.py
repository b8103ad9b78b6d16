"""Webhooks of the companies that send most, and of all others together, from the hourly statistics.

A label for each company would be 20,000 series, which no Prometheus thanks us for. And who is among the first changes:
so these are gauges of a period, not counters. A company is shown by its id: its name is what its people write."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.db import connection
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

MOST_COMPANIES = 20
OTHER = "other"
# Statistics are counted once a minute, and this reads two rows of each company that sent something: 60 ms of 20,000.
KEPT_SECONDS = 60.0

_SUMS = """
WITH lately AS MATERIALIZED (
    SELECT company_id, sum(delivered) AS delivered, sum(failed) AS given_up, sum(retried) AS retried
      FROM subscriptions_companyhour
     WHERE hour >= date_trunc('hour', statement_timestamp(), 'UTC') - interval '1 hour'
     GROUP BY company_id
), first AS (
    SELECT * FROM lately ORDER BY delivered + given_up + retried DESC, company_id LIMIT %s
)
SELECT c.resource_id, f.delivered::float8, f.given_up::float8, f.retried::float8
  FROM first f JOIN subscriptions_company c ON c.id = f.company_id
UNION ALL
SELECT NULL, coalesce(sum(l.delivered), 0)::float8, coalesce(sum(l.given_up), 0)::float8,
       coalesce(sum(l.retried), 0)::float8
  FROM lately l WHERE l.company_id NOT IN (SELECT company_id FROM first)
"""
_kept: tuple[float, list[tuple[str | None, float, float, float]]] | None = None


def read() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "callhooks_company_attempts",
        "Attempts since the last hour began (60 to 120 minutes), by company and what became of the delivery.",
        labels=["company", "outcome"],
    )
    for company, *numbers in _sums():
        for outcome, number in zip(("delivered", "given_up", "retried"), numbers, strict=True):
            family.add_metric([company or OTHER, outcome], number)
    yield family


def _sums() -> list[tuple[str | None, float, float, float]]:
    global _kept
    if _kept is None or time.monotonic() - _kept[0] > KEPT_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute(_SUMS, [MOST_COMPANIES])
            _kept = (time.monotonic(), cursor.fetchall())
    return _kept[1]


def forget() -> None:
    global _kept
    _kept = None
