"""How long the claim lock is held, by looking a hundred times a second."""

from __future__ import annotations

import threading
import time
from types import TracebackType

import psycopg

LOOK_EVERY = 0.01  # seconds
# An advisory lock with one number is the claim's (or another lock of a transaction); slots have two.
HELD = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


class ClaimLockSampler:
    """While its block runs; `share` of the looks found it held. The connection may be used by others meanwhile."""

    def __init__(self, watch: psycopg.Connection[tuple[object, ...]]) -> None:
        self._watch = watch
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._looks = self._held = 0

    def __enter__(self) -> ClaimLockSampler:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def share(self) -> float:
        return self._held / self._looks if self._looks else 0.0

    def _look(self) -> None:
        next_at = time.monotonic()
        while not self._stop.is_set():
            row = self._watch.execute(HELD).fetchone()
            self._looks += 1
            self._held += bool(row and row[0])
            next_at = max(next_at + LOOK_EVERY, time.monotonic())
            self._stop.wait(next_at - time.monotonic())
