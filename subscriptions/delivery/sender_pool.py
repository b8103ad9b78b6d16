"""The requests that a drain has under way, and what waits for them: a queue of deliveries for each endpoint.

Invariants
- No more requests of an endpoint are under way than its pace allows (`fairness.Paces`).
- A request that could outlive its lease is not begun: another drain might then send it at the same time.
- Each delivery that was given comes back once: as an outcome, or unsent. One that leads others has them come with it:
  an outcome for each of them.
- A delivery that needs an access token waits for it, and no other endpoint with it. After a 401 it gets a new token
  once.
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
from .oauth import NoToken
from .outbox import Claimed, Outcome
from .sending import Sending, SignedRequest, unsendable
from .token_fetches import TokenFetches

# A success that took longer is no reason to keep the rest of the endpoint's queue.
SLOW_MS = 1000
NO_TOKEN = "token"  # the error code of an attempt for which there was no access token


class Loop(Protocol):
    """The network: `start` returns at once, `wait` brings what came in and says which descriptors can be read."""

    def start(self, key: Hashable, request: Request) -> None: ...

    def wait(self, timeout: float, descriptors: Collection[int]) -> tuple[list[tuple[Hashable, Answer]], set[int]]: ...


@dataclass(slots=True)
class _Queue:
    """An endpoint's deliveries, each with the time it was claimed at (this process's monotonic clock)."""

    waiting: deque[tuple[Claimed, float]] = field(default_factory=deque)
    under_way: int = 0


def _key(job: Claimed) -> Hashable:
    return job.id, job.attempt


class SenderPool:
    """Used by one thread. `clock_offset`: the database's clock minus this machine's, in seconds."""

    def __init__(self, *, loop: Loop, sending: Sending, paces: Paces, safe_seconds: float) -> None:
        self._loop = loop
        self._sending = sending
        self._paces = paces
        self._safe_seconds = safe_seconds
        self._queues: dict[int, _Queue] = {}
        self._under_way: dict[Hashable, tuple[Claimed, SignedRequest, float]] = {}
        self._fetches = TokenFetches(loop, sending)
        self._refused: set[Hashable] = set()  # tokens of these were refused once
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
            if self._stopping or not self._is_safe(claimed_at):
                self._unsent.append(job)
                self._refused.discard(_key(job))
                continue
            try:
                token = self._fetches.token_for(job)
            except NoToken as why:
                self._fail(job, str(why))
                continue
            if token is None:
                queue.waiting.appendleft((job, claimed_at))
                break
            self._start(job, claimed_at, queue, token)
        if not queue.waiting and not queue.under_way:
            del self._queues[endpoint]

    def _is_safe(self, claimed_at: float) -> bool:
        return time.monotonic() - claimed_at <= self._safe_seconds

    def _start(self, job: Claimed, claimed_at: float, queue: _Queue, token: str) -> None:
        signed = self._sending.sign(job, self.clock_offset, token)
        if signed.fault:
            outcome = self._sending.outcome(job, signed, unsendable(signed.fault), self.clock_offset)
            self._outcomes += outcome.of_each()
            return
        queue.under_way += 1
        signed.token = token
        key = _key(job)
        self._under_way[key] = (job, signed, claimed_at)
        self._loop.start(key, signed.request)

    def _try_new_token(self, job: Claimed, signed: SignedRequest, claimed_at: float) -> bool:
        """Whether the delivery is sent once more in this attempt, with another token."""
        self._sending.tokens.drop(job.endpoint, signed.token)
        if _key(job) in self._refused or self._stopping or not self._is_safe(claimed_at):
            return False
        self._refused.add(_key(job))
        queue = self._queues[job.endpoint]
        queue.under_way -= 1
        queue.waiting.appendleft((job, claimed_at))
        self._begin(job.endpoint)
        return True

    def _go_on(self, endpoint: int, why_not: str) -> None:
        """A request for a token is over. Without one, the first delivery that waits for it has failed."""
        queue = self._queues.get(endpoint)
        if queue is None:
            return
        if why_not and queue.waiting:
            job, _ = queue.waiting.popleft()
            self._fail(job, why_not)
            self._give_back(queue)
        self._begin(endpoint)

    def _give_back(self, queue: _Queue) -> None:
        """What waits for this endpoint comes back unsent."""
        self._unsent += [waiting for waiting, _ in queue.waiting]
        self._refused.difference_update(_key(waiting) for waiting, _ in queue.waiting)
        queue.waiting.clear()

    def _fail(self, job: Claimed, why: str) -> None:
        """This attempt got no access token, so nothing was sent."""
        self._refused.discard(_key(job))
        signed = self._sending.sign(job, self.clock_offset)
        answer = Answer(None, [], b"", False, 0, NO_TOKEN, why)
        self._outcomes += self._sending.outcome(job, signed, answer, self.clock_offset).of_each()
        self._paces.note(job.endpoint, 0.0, good=False)

    def _finish(self, key: Hashable, answer: Answer) -> None:
        if (fetched := self._fetches.finish(key, answer)) is not None:
            self._go_on(*fetched)
            return
        if key not in self._under_way:
            return  # of a drain before this one, which gave it up when its lease had ended
        job, signed, claimed_at = self._under_way.pop(key)
        if answer.status == 401 and signed.token and self._try_new_token(job, signed, claimed_at):
            return
        self._refused.discard(key)
        outcome = self._sending.outcome(job, signed, answer, self.clock_offset)
        self._outcomes += outcome.of_each()
        good = outcome.state == "delivered"
        self._paces.note(job.endpoint, outcome.duration_ms / 1000, good=good)
        queue = self._queues[job.endpoint]
        queue.under_way -= 1
        if not good or outcome.duration_ms > SLOW_MS:
            self._give_back(queue)
        self._begin(job.endpoint)
