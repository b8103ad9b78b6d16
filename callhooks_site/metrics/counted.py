"""What all processes counted, out of their table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.db import connection
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from subscriptions.counters.known import COUNTERS, HISTOGRAMS
from subscriptions.counters.memory import Counter, Histogram

# Labels come from the code, so there are some hundreds; this keeps a mistake there from making a page of gigabytes.
MOST_ROWS = 20_000
# What is counted for the first time is shown as 0 for so long. Prometheus sees only what grows after its first look, so
# the first error of a page would raise no alert.
FRESH_SECONDS = 60.0
_ROWS = """
SELECT name, labels, "values", created_at > clock_timestamp() - make_interval(secs => %s)
  FROM subscriptions_countedvalue ORDER BY name, labels LIMIT %s
"""

Rows = dict[tuple[str, ...], list[float]]


def read() -> Iterator[Metric]:
    """Rows of a name or shape that this version does not know are another version's, which runs beside it."""
    rows: defaultdict[str, Rows] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [FRESH_SECONDS, MOST_ROWS])
        for name, labels, values, fresh in cursor.fetchall():
            rows[name][tuple(labels)] = [0.0] * len(values) if fresh else values
    for counter in COUNTERS:
        yield _counter(counter, rows[counter.name])
    for histogram in HISTOGRAMS:
        yield _histogram(histogram, rows[histogram.name])


def _counter(counter: Counter, rows: Rows) -> Metric:
    family = CounterMetricFamily(counter.name, counter.about, labels=counter.labels)
    for labels, values in ({first: [0.0] for first in counter.from_start} | rows).items():
        if len(labels) == len(counter.labels):
            family.add_metric(labels, values[0])
    return family


def _histogram(histogram: Histogram, rows: Rows) -> Metric:
    family = HistogramMetricFamily(histogram.name, histogram.about, labels=histogram.labels)
    names = [*(format(bound, "g") for bound in histogram.bounds), "+Inf"]
    for labels, (total, *numbers) in rows.items():
        if len(labels) == len(histogram.labels) and len(numbers) == len(names):
            up_to = [sum(numbers[: place + 1]) for place in range(len(numbers))]
            family.add_metric(labels, list(zip(names, up_to, strict=True)), total)
    return family
