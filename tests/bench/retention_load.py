"""A small load beside retention: attempts are logged and their deliveries written, and each waits as a drain would."""

from __future__ import annotations

import itertools
import random
import threading
import time
from types import TracebackType
from typing import Any

import psycopg

from tests.bench.report import percentile

RATE = 50.0  # a second
# Of all loads of a process: two that begin in one second write attempts of the same deliveries.
_NUMBERS = itertools.count(2)
# In one statement, as a drain does it (`delivery/outbox/finishing.py`).
_WRITE = """
WITH logged AS (
    INSERT INTO subscriptions_attempt ({columns})
    SELECT {taken} FROM bench_subscriptions_attempt t
)
UPDATE subscriptions_delivery SET attempts = attempts + 1, finished_at = clock_timestamp(), status_code = 204
 WHERE id = %(delivery)s
"""


class Load:
    """While its block runs. `waits`: seconds of each write."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], deliveries: tuple[int, int]) -> None:
        from subscriptions.models import Attempt

        given = {"delivery_id": "%(delivery)s", "number": "%(number)s", "started_at": "clock_timestamp()"}
        columns = [str(field.column) for field in Attempt._meta.concrete_fields if not field.primary_key]
        taken = ", ".join(given.get(column, f"t.{column}") for column in columns)
        self._statement = _WRITE.format(columns=", ".join(columns), taken=taken)
        self._connection = connection
        self._deliveries = deliveries
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self._failed: list[Exception] = []
        self.waits: list[float] = []

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        if self._failed and error is None:
            raise self._failed[0]

    def figures(self) -> dict[str, float]:
        return {
            "p50_ms": percentile(self.waits, 50) * 1000,
            "p99_ms": percentile(self.waits, 99) * 1000,
            "longest_ms": max(self.waits) * 1000,
        }

    def _write(self) -> None:
        next_at = time.monotonic()
        try:
            while not self._stop.is_set() or not self.waits:
                began = time.monotonic()
                values = {"delivery": random.randrange(*self._deliveries), "number": next(_NUMBERS)}
                self._connection.execute(self._statement, values)
                self.waits.append(time.monotonic() - began)
                next_at = max(next_at + 1 / RATE, time.monotonic())
                self._stop.wait(next_at - time.monotonic())
        except psycopg.Error as error:
            self._failed.append(error)
