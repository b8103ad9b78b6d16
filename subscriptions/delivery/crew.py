"""The threads of a drain: each takes a run of deliveries for one endpoint and sends them one after the other.

A run that meets a failure or a slow answer ends there: what is left of it goes back unsent, so that a bad endpoint
holds a thread for one request and no longer. The main thread hears of results through a socket it can wait on
together with its database connection.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue

from .outbox import Claimed, Outcome

SLOW_MS = 1000  # an endpoint that takes longer gets its deliveries one by one


@dataclass(slots=True)
class Run:
    """Deliveries for one endpoint, claimed together at `claimed_at` (this process's monotonic clock)."""

    endpoint: int
    jobs: list[Claimed]
    claimed_at: float


@dataclass(slots=True)
class Finished:
    """What came of a run: outcomes are collected apart, as they come; `unsent` is what it did not get to."""

    endpoint: int
    unsent: list[Claimed] = field(default_factory=list)
    good: bool = True


class Crew:
    def __init__(self, *, threads: int, send: Callable[[Claimed], Outcome], safe_seconds: float) -> None:
        self._send = send
        # A request that could outlive its lease is not begun: another drain might then send it at the same time.
        self._safe_seconds = safe_seconds
        self._runs: SimpleQueue[Run | None] = SimpleQueue()
        self._outcomes: deque[Outcome] = deque()
        self._finished: deque[Finished] = deque()
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"sender-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def fileno(self) -> int:
        return self._ours.fileno()

    def give(self, run: Run) -> None:
        self._runs.put(run)

    def stop_sending(self) -> None:
        """From now on runs come back unsent; requests under way are finished."""
        self._stopping.set()

    def collect(self) -> tuple[list[Outcome], list[Finished]]:
        """Everything that came in since the last call. Does not wait."""
        try:
            while self._ours.recv(4096):
                pass
        except BlockingIOError:
            pass
        outcomes = [self._outcomes.popleft() for _ in range(len(self._outcomes))]
        finished = [self._finished.popleft() for _ in range(len(self._finished))]
        return outcomes, finished

    def close(self) -> None:
        self.stop_sending()
        for _ in self._threads:
            self._runs.put(None)
        for thread in self._threads:
            thread.join()
        self._ours.close()
        self._theirs.close()

    def _work(self) -> None:
        while (run := self._runs.get()) is not None:
            finished = Finished(run.endpoint)
            for position, job in enumerate(run.jobs):
                if self._stopping.is_set() or time.monotonic() - run.claimed_at > self._safe_seconds:
                    finished.unsent = run.jobs[position:]
                    break
                outcome = self._send(job)
                self._outcomes.append(outcome)
                if outcome.state != "delivered" or outcome.duration_ms > SLOW_MS:
                    finished.good = False
                    finished.unsent = run.jobs[position + 1 :]
                    break
                if position + 1 < len(run.jobs):
                    self._tell()
            self._finished.append(finished)
            self._tell()

    def _tell(self) -> None:
        with contextlib.suppress(BlockingIOError):  # the buffer is full of bytes that say the same
            self._theirs.send(b".")
