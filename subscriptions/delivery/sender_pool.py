"""The requests that a drain has under way, and what waits for them: a queue of deliveries for each endpoint.

Invariants
- No more requests of an endpoint are under way than its pace allows (`fairness.Paces`).
- A request that could outlive its lease is not begun: another drain might then send it at the same time.
- Each delivery that was given comes back once: as an outcome, or unsent.
- An endpoint that fails or takes too long gets what is under way there to its end and no more: the rest of its queue
  comes back unsent, so that a bad endpoint holds little.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from .fairness import Paces
from .http.messages import Answer, Request
from .outbox import Claimed, Outcome
from .sending import Sending, SignedRequest, unsendable

# A success that took longer is no reason to keep the rest of the endpoint's queue.
SLOW_MS = 1000


class Loop(Protocol):
    """The network: `start` returns at once, `wait` brings what came in and says which descriptors can be read."""

    def start(self, key: Hashable, request: Request) -> None: ...

    def wait(self, timeout: float, descriptors: Collection[int]) -> tuple[list[tuple[Hashable, Answer]], set[int]]: ...


@dataclass(slots=True)
class _Queue:
    """An endpoint's deliveries, each with the time it was claimed at (this process's monotonic clock)."""

    waiting: deque[tuple[Claimed, float]] = field(default_factory=deque)
    under_way: int = 0


class SenderPool:
    """Used by one thread. `clock_offset`: the database's clock minus this machine's, in seconds."""

    def __init__(self, *, loop: Loop, sending: Sending, paces: Paces, safe_seconds: float) -> None:
        self._loop = loop
        self._sending = sending
        self._paces = paces
        self._safe_seconds = safe_seconds
        self._queues: dict[int, _Queue] = {}
        self._under_way: dict[Hashable, tuple[Claimed, SignedRequest]] = {}
        self._stopping = False
        self._outcomes: list[Outcome] = []
        self._unsent: list[Claimed] = []
        self.clock_offset = 0.0

    def give(self, jobs: Iterable[Claimed], claimed_at: float) -> None:
        """Claimed deliveries; those of one endpoint are begun in this order."""
        endpoints = set()
        for job in jobs:
            self._queues.setdefault(job.endpoint, _Queue()).waiting.append((job, claimed_at))
            endpoints.add(job.endpoint)
        for endpoint in endpoints:
            self._begin(endpoint)

    def wait(self, timeout: float, descriptors: Collection[int] = ()) -> set[int]:
        """Until something came in, or a descriptor can be read, or the time is over. Returns those descriptors."""
        answers, ready = self._loop.wait(0.0 if self._outcomes or self._unsent else timeout, descriptors)
        for key, answer in answers:
            self._finish(key, answer)
        return ready

    def collect(self) -> tuple[list[Outcome], list[Claimed]]:
        """What came in since the last call: outcomes, and what comes back unsent."""
        outcomes, self._outcomes = self._outcomes, []
        unsent, self._unsent = self._unsent, []
        return outcomes, unsent

    def stop(self) -> None:
        """Begin nothing more: what waits comes back unsent, requests under way are finished."""
        self._stopping = True
        for endpoint in list(self._queues):
            self._begin(endpoint)

    def _begin(self, endpoint: int) -> None:
        queue = self._queues[endpoint]
        allowed = self._paces.requests(endpoint)
        while queue.waiting and (queue.under_way < allowed or self._stopping):
            job, claimed_at = queue.waiting.popleft()
            if self._stopping or time.monotonic() - claimed_at > self._safe_seconds:
                self._unsent.append(job)
                continue
            self._start(job, queue)
        if not queue.waiting and not queue.under_way:
            del self._queues[endpoint]

    def _start(self, job: Claimed, queue: _Queue) -> None:
        signed = self._sending.sign(job, self.clock_offset)
        if signed.fault:
            self._outcomes.append(self._sending.outcome(job, signed, unsendable(signed.fault), self.clock_offset))
            return
        queue.under_way += 1
        key = (job.id, job.attempt)
        self._under_way[key] = (job, signed)
        self._loop.start(key, signed.request)

    def _finish(self, key: Hashable, answer: Answer) -> None:
        if key not in self._under_way:
            return  # of a drain before this one, which gave it up when its lease had ended
        job, signed = self._under_way.pop(key)
        outcome = self._sending.outcome(job, signed, answer, self.clock_offset)
        self._outcomes.append(outcome)
        good = outcome.state == "delivered"
        self._paces.note(job.endpoint, outcome.duration_ms / 1000, good=good)
        queue = self._queues[job.endpoint]
        queue.under_way -= 1
        if not good or outcome.duration_ms > SLOW_MS:
            self._unsent += [waiting for waiting, _ in queue.waiting]
            queue.waiting.clear()
        self._begin(job.endpoint)
