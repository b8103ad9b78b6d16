"""One reading of all metrics. Each part is read by itself, within seconds: where one fails, the others are shown, and
`callhooks_scrape_failed` says which."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError, connection, transaction
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ..version import VERSION

logger = logging.getLogger(__name__)

# A part takes milliseconds. Together they stay below the 10 s that Prometheus waits.
PATIENCE = "1s"

Part = Callable[[], Iterable[Metric]]


def gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def gauges(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for of, value in values.items():
        family.add_metric([of], value)
    return family


@dataclass(frozen=True, eq=False)
class Reading(Collector):
    families: list[Metric] = field(default_factory=list)

    @staticmethod
    def of(parts: Mapping[str, Part]) -> Reading:
        began = time.monotonic()
        answers = _database_answers()
        families = [
            gauge("callhooks_database_up", "1: the database answers.", answers),
            gauges("callhooks_build_info", "The version that answers.", "version", {VERSION: 1}),
        ]
        if answers:
            failed = {}
            for name, part in parts.items():
                found = _read(name, part)
                families += found or ()
                failed[name] = float(found is None)
            about = "1: this part of the metrics could not be read."
            families.append(gauges("callhooks_scrape_failed", about, "part", failed))
        about = "How long reading the metrics took."
        families.append(gauge("callhooks_scrape_seconds", about, time.monotonic() - began))
        return Reading(families)

    def collect(self) -> Iterator[Metric]:
        yield from self.families


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        logger.warning("Metrics: the database is out of reach: %s", error)
        return False
    return True


def _read(name: str, part: Part) -> list[Metric] | None:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
            return list(part())
    except (DatabaseError, InterfaceError) as error:
        logger.warning("Metrics: the part %s could not be read: %s", name, error)
        return None
