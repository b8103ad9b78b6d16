"""The threads of a drain, and what waits for them: a line of deliveries for each endpoint.

At most a fixed number of threads is at a line at a time: that is the cap on requests in flight at its endpoint. A
thread sends some deliveries of a line and goes to the end of the queue with it, so that no line keeps a thread. One
that meets a failure or a slow answer empties the line: what is in it goes back unsent, so that a bad endpoint holds
its threads for one request and no longer. The main thread hears of results through a socket it can wait on together
with its database connection.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

from .cpu_affinity import stay_on
from .outbox import Claimed, Outcome

SLOW_MS = 1000  # an endpoint that takes longer gets its deliveries one by one
STINT = 16  # deliveries that a thread sends of one line while others wait for a thread
ENOUGH = 200  # outcomes that are written at once: a bigger batch is no cheaper per row


@dataclass(slots=True)
class Line:
    """Deliveries for one endpoint, each with the time it was claimed at (this process's monotonic clock)."""

    endpoint: int
    jobs: deque[tuple[Claimed, float]] = field(default_factory=deque)
    threads: int = 0  # at it or on their way; counted by the main thread alone


@dataclass(slots=True)
class Stint:
    """What came of a thread's time at a line: outcomes are collected apart, as they come; `unsent` is what it took out
    without sending. `over`: the thread has left the line."""

    line: Line
    unsent: list[Claimed] = field(default_factory=list)
    sent: int = 0
    good: bool = True
    over: bool = True


class Crew:
    def __init__(
        self,
        *,
        threads: int,
        per_endpoint: int,
        send: Callable[[Claimed], Outcome],
        safe_seconds: float,
        core: int | None = None,
    ) -> None:
        self._core = core
        self._send = send
        self._per_endpoint = per_endpoint
        # A request that could outlive its lease is not begun: another drain might then send it at the same time.
        self._safe_seconds = safe_seconds
        self._lines: dict[int, Line] = {}
        self._queue: SimpleQueue[Line | None] = SimpleQueue()
        self._outcomes: deque[Outcome] = deque()
        self._stints: deque[Stint] = deque()
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._told = False  # of outcomes
        self._urged = False
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"sender-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def fileno(self) -> int:
        return self._ours.fileno()

    def give(self, endpoint: int, jobs: Sequence[Claimed], claimed_at: float) -> None:
        """Deliveries for one endpoint, to be sent in this order as far as two at a time have one."""
        line = self._lines.setdefault(endpoint, Line(endpoint))
        line.jobs.extend((job, claimed_at) for job in jobs)
        self._man(line, len(jobs))

    def stop_sending(self) -> None:
        """From now on deliveries come back unsent; requests under way are finished."""
        self._stopping.set()

    def collect(self) -> tuple[list[Outcome], list[Stint]]:
        """Everything that came in since the last call. Does not wait."""
        with contextlib.suppress(BlockingIOError):
            self._ours.recv(4096)
        self._urged = False  # before looking: what comes in after the look urges again
        stints = [self._stints.popleft() for _ in range(len(self._stints))]
        outcomes = [self._outcomes.popleft() for _ in range(len(self._outcomes))]
        for stint in stints:
            if stint.over:
                self._leave(stint.line)
        return outcomes, stints

    def listen(self) -> None:
        """All that was collected is written: tell of the next outcome again. Waking the main thread takes time from all
        others, so it is not done for each outcome: after the first one it comes by itself, and soon."""
        self._told = False
        if self._outcomes:  # it came when we had been told already
            self._tell()

    def close(self) -> None:
        self.stop_sending()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._ours.close()
        self._theirs.close()

    def _man(self, line: Line, jobs: int) -> None:
        for _ in range(min(jobs, self._per_endpoint - line.threads)):
            line.threads += 1
            self._queue.put(line)

    def _leave(self, line: Line) -> None:
        line.threads -= 1
        if line.jobs:  # they came after the thread had found nothing more
            self._man(line, len(line.jobs))
        elif not line.threads:
            del self._lines[line.endpoint]

    def _work(self) -> None:
        stay_on(self._core)
        while (line := self._queue.get()) is not None:
            stint = self._one_stint(line)
            self._stints.append(stint)
            if stint.over:
                self._urge()  # the endpoint has failed, or could be given more
            else:
                self._queue.put(line)

    def _one_stint(self, line: Line) -> Stint:
        stint = Stint(line)
        for _ in range(STINT):
            try:
                job, claimed_at = line.jobs.popleft()
            except IndexError:
                return stint
            if self._stopping.is_set() or time.monotonic() - claimed_at > self._safe_seconds:
                stint.unsent.append(job)
                continue
            outcome = self._send(job)
            self._outcomes.append(outcome)
            stint.sent += 1
            if outcome.state != "delivered" or outcome.duration_ms > SLOW_MS:
                stint.good = False
                stint.unsent += _emptied(line)
                return stint
            if len(self._outcomes) == ENOUGH:
                self._urge()
            elif not self._told:
                self._tell()
        stint.over = False
        return stint

    def _tell(self) -> None:
        self._told = True
        self._urge()

    def _urge(self) -> None:
        if not self._urged:
            self._urged = True
            with contextlib.suppress(BlockingIOError):  # the buffer is full of bytes that say the same
                self._theirs.send(b".")


def _emptied(line: Line) -> list[Claimed]:
    taken = []
    with contextlib.suppress(IndexError):
        while True:
            taken.append(line.jobs.popleft()[0])
    return taken
