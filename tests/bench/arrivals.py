"""A receiver that says when each request came, in a process of its own, and the reading of what it says."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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

    def so_far(self) -> list[Arrival]:
        return [self._queue.get_nowait() for _ in range(self._queue.qsize())]

    def _read(self, output: IO[str]) -> None:
        for line in output:
            at, path, webhook_id = line.split()
            self._queue.put(Arrival(float(at), path, webhook_id))


@contextmanager
def running_receiver(count: int, answer: str = "now") -> Iterator[Arrivals]:
    """On `count` hosts; `answer`: now, never, or after so many seconds."""
    with helper("receiver", "--hosts", str(count), "--answer", answer, "--report") as process:
        yield Arrivals(process, count)
