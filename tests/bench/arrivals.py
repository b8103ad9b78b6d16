"""A receiver that says when each request came, in a process of its own, and the reading of what it says."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from tests.bench.helpers import Helper, helper
from tests.bench.receiver import hosts


@dataclass(frozen=True, slots=True)
class Arrival:
    at: float  # monotonic clock
    path: str
    webhook_id: str


class Arrivals:
    def __init__(self, process: Helper, count: int) -> None:
        port = int(process.answer())
        self.urls = [f"http://{host}:{port}" for host in hosts(count)]
        self._queue: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(process.answers,), daemon=True).start()

    def next(self, seconds: float) -> Arrival:
        """Raises TimeoutError."""
        try:
            return self._queue.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError(f"Nothing arrived within {seconds:g} s.") from None

    def wait_for(
        self,
        wanted: Collection[str],
        seconds: float,
        *,
        by: Callable[[Arrival], str] = lambda arrival: arrival.webhook_id,
    ) -> dict[str, float]:
        """When each came for the first time (monotonic clock), as soon as all have, or the time is over."""
        missing = set(wanted)
        came: dict[str, float] = {}
        give_up_at = time.monotonic() + seconds
        while missing and (left := give_up_at - time.monotonic()) > 0:
            with suppress(TimeoutError):
                arrival = self.next(left)
                came.setdefault(by(arrival), arrival.at)
                missing.discard(by(arrival))
        return came

    def forget(self) -> None:
        """What came so far."""
        while not self._queue.empty():
            self._queue.get_nowait()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            at, path, webhook_id = line.split()
            self._queue.put(Arrival(float(at), path, webhook_id))


@contextmanager
def running_receiver(count: int, answer: str = "now") -> Iterator[Arrivals]:
    """On `count` hosts; `answer`: now, never, or after so many seconds."""
    with helper("receiver", "--hosts", str(count), "--answer", answer, "--report") as process:
        yield Arrivals(process, count)
