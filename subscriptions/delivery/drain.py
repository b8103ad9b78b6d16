"""The drain: claims due deliveries, has them sent, writes what came of them; for a while, then it ends.

It holds a slot (`slots.Bell`), hears wake-ups, and sleeps only until the next row falls due.

Invariants
- The database is touched by the drain's own thread alone; the crew's threads only do HTTP.
- What is claimed is either finished (an outcome is written) or handed back; a drain that is killed does neither, and
  the lease ends by itself.
- Losing the database loses no outcome as long as the process lives: they are kept and written when it is back.
- Nothing raises for what an endpoint does.
- From the moment it claims no more its slot is free: the successor delivers while requests to endpoints that never
  answer run out here. (Both drains begin together, and so end together: for as long as the slowest request nobody
  would deliver.)
"""

from __future__ import annotations

import logging
import select
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from . import outbox
from .cpu_affinity import core_of, staying_on
from .endpoint_health import EndpointBook
from .gc_tuning import collecting_seldom
from .outbox import Claimed, Outcome
from .sender_pool import ENOUGH, Crew
from .slots import Bell

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.02  # how long an outcome may wait for company
IDLE_SECONDS = 1.0  # the longest sleep: wake-ups can get lost, and a stop must be seen
BEAT_SECONDS = 5.0
CHORES_SECONDS = 1.0
BLOCKED_SECONDS = 0.25  # until the next look when rows are due and their endpoints' windows are full
HANDOVER_SECONDS = 3.0  # before the end: time for the successor to be queued and to wait for the slot
RECONNECT_SECONDS = 0.5
RECORDING_SECONDS = 2.0  # of a lease, kept for writing the outcome
DATABASE_LOST = (OperationalError, InterfaceError, psycopg.OperationalError)
UNWRITABLE: dict[str, Any] = {
    "reason": "The answer could not be stored.",
    "message": "The answer could not be stored.",
    "response_headers": [],
    "response_body": b"",
    "error": "",
}
LARGEST_WINDOW = 64  # rows of one good endpoint that one drain holds at a time


@dataclass(slots=True)
class Windows:
    """How many deliveries of an endpoint to claim at a time: few at first, doubled while it answers well and
    quickly, back to the start when it does not. So one claim feeds a quick endpoint, and a bad one holds little."""

    smallest: int
    sizes: dict[int, int] = field(default_factory=dict)

    def good(self, endpoint: int) -> None:
        self.sizes[endpoint] = min(LARGEST_WINDOW, self.sizes.get(endpoint, self.smallest) * 2)

    def bad(self, endpoint: int) -> None:
        self.sizes.pop(endpoint, None)


class Drain:
    """`send` is called in the crew's threads. `chores` is called about once a second when there is time."""

    def __init__(
        self,
        *,
        bell: Bell,
        send: Callable[[Claimed, float], Outcome],
        threads: int,
        per_endpoint: int,
        longest_request: float,
        lease: float,
        budget: float,
        time_scale: float = 1.0,
        should_stop: Callable[[], bool],
        chores: Callable[[], object] = lambda: None,
        before_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._bell = bell
        self._clock_offset = 0.0
        self._core = core_of(bell.slot or 0)
        self._crew = Crew(
            threads=threads,
            per_endpoint=per_endpoint,
            send=lambda job: send(job, self._clock_offset),
            safe_seconds=lease - longest_request - RECORDING_SECONDS,
            core=self._core,
        )
        self._lease = lease
        self._threads = threads
        self._book = EndpointBook(time_scale)
        self._per_endpoint = per_endpoint
        self._windows = Windows(per_endpoint)
        self._capacity = threads * 8
        self._ends_at = time.monotonic() + budget
        self._should_stop = should_stop
        self._chores = chores
        self._before_end = before_end
        self._token = uuid4()
        self._after = 0  # the endpoint that the last claim reached: the next begins behind it
        self._held: Counter[int] = Counter()  # claimed and not finished, by endpoint
        self._untrusted: Counter[int] = Counter()  # the same, by the trust in their endpoints
        self._outcomes: list[Outcome] = []
        self._unsent: list[Claimed] = []
        self._oldest_outcome = 0.0
        self._look_at = 0.0  # when to claim next, by the monotonic clock
        self._beat_at = 0.0
        self._chores_at = 0.0
        self._bells: set[int] = set()
        self._poll = select.poll()
        self._poll.register(self._crew.fileno(), select.POLLIN)
        self.sent = 0

    def run(self) -> int:
        """Work until the budget is used or a stop is asked for. Returns how many attempts were recorded."""
        with staying_on(self._core), collecting_seldom():
            return self._run()

    def _run(self) -> int:
        try:
            self._work()
        except DATABASE_LOST as error:
            logger.warning("The database is out of reach; what was sent will be recorded when it is back: %s", error)
            connection.close()
        except Exception:  # a fault of ours: what was sent is recorded all the same
            logger.exception("A drain ends early")
        self._end()
        return self.sent

    def _work(self) -> None:
        outbox.forget_plans()
        told = False
        while not self._should_stop() and time.monotonic() < self._ends_at:
            if not told and time.monotonic() > self._ends_at - HANDOVER_SECONDS:
                told = True
                self._before_end()
            self._turn()

    def _turn(self) -> None:
        self._beat()
        now = time.monotonic()
        if now >= self._look_at and self._has_room():
            self._claim()
        if now >= self._chores_at:
            self._chores_at = now + CHORES_SECONDS
            self._do_chores()
        timeout = min(self._look_at - time.monotonic(), IDLE_SECONDS) if self._has_room() else IDLE_SECONDS
        if self._outcomes:
            timeout = min(timeout, self._oldest_outcome + FLUSH_SECONDS - time.monotonic())
        self._wait(max(0.0, timeout))
        self._collect()
        late = time.monotonic() - self._oldest_outcome >= FLUSH_SECONDS
        if self._unsent or len(self._outcomes) >= ENOUGH or (self._outcomes and late):
            self._flush()

    def _do_chores(self) -> None:
        try:
            self._chores()
        except DATABASE_LOST:
            raise
        except Exception:  # whatever is wrong with a chore, deliveries go on
            logger.exception("A chore of the drain failed; it is tried again")

    def _end(self) -> None:
        """Let requests under way finish, hand back the rest, and write it all, however often the database fails
        meanwhile. After a lease's time it is given up: by then the rows are due again for others."""
        self._crew.stop_sending()
        self._leave_slot()
        give_up_at = time.monotonic() + self._lease
        while self._held and time.monotonic() < give_up_at:
            select.select([self._crew], [], [], 0.1)
            self._collect()
            try:
                self._flush()
            except DATABASE_LOST:
                connection.close()
                select.select([], [], [], RECONNECT_SECONDS)
            except Exception:  # nothing more can be written: the leases end by themselves
                logger.exception("A drain could not write what it did")
                break
        self._crew.close()

    def _leave_slot(self) -> None:
        try:
            self._bell.leave_slot()
        except DATABASE_LOST as error:  # with the connection went the lock
            logger.warning("The slot's connection is lost: %s", error)

    def _has_room(self) -> bool:
        return sum(self._held.values()) <= self._capacity // 2

    def _wait(self, timeout: float) -> None:
        bells = self._bell.descriptors()
        if bells != self._bells:
            self._watch(bells)
        ready = {descriptor for descriptor, _ in self._poll.poll(timeout * 1000)}
        if ready & bells and self._bell.heard():
            self._look_at = 0.0

    def _watch(self, bells: set[int]) -> None:
        for gone in self._bells - bells:
            self._poll.unregister(gone)
        for new in bells - self._bells:
            self._poll.register(new, select.POLLIN)
        self._bells = bells

    def _claim(self) -> None:
        if self._look_at and self._nothing_due():
            return  # nobody rang, the second was over: one small question, where a claim is five statements
        limit = self._capacity - sum(self._held.values())
        claimed = self._claim_behind(self._after, limit)
        if not claimed and self._after:
            claimed = self._claim_behind(0, limit)
        if claimed:
            self._look_at = 0.0
            self._clock_offset = claimed[-1].database_time - time.time()
            return
        if not self._nothing_due():
            self._look_at = time.monotonic() + BLOCKED_SECONDS

    def _nothing_due(self) -> bool:
        """Whether nothing can be claimed now; then the next look is set to when that will be."""
        seconds = outbox.seconds_to_next()
        if seconds is not None and seconds <= 0:
            return False
        self._look_at = time.monotonic() + (IDLE_SECONDS if seconds is None else min(seconds, IDLE_SECONDS))
        return True

    def _claim_behind(self, after: int, limit: int) -> list[Claimed]:
        claim = outbox.claim(
            token=self._token,
            lease=self._lease,
            limit=limit,
            window=self._per_endpoint,
            windows=self._windows.sizes,
            after=after,
            allowed=self._allowed(),
        )
        self._after = claim.reached
        now = time.monotonic()
        by_endpoint: dict[int, list[Claimed]] = {}
        for job in sorted(claim.rows, key=lambda job: (job.endpoint, job.id)):
            by_endpoint.setdefault(job.endpoint, []).append(job)
            self._untrusted[job.trust] += 1
        for endpoint, jobs in by_endpoint.items():
            self._held[endpoint] += len(jobs)
            self._crew.give(endpoint, jobs, now)
        return claim.rows

    def _allowed(self) -> tuple[int, int]:
        """How many more rows of failing and of unknown endpoints: the last half of the threads is not for those that
        fail, the last quarter only for those that answered lately."""
        failing, unknown = self._untrusted[0], self._untrusted[1]
        half, most = max(1, self._threads // 2), max(1, self._threads * 3 // 4)
        return max(0, half - failing), max(0, most - failing - unknown)

    def _collect(self) -> None:
        outcomes, stints = self._crew.collect()
        if outcomes and not self._outcomes:
            self._oldest_outcome = time.monotonic()
        self._outcomes += outcomes
        for stint in stints:
            self._unsent += stint.unsent
            if not stint.good:
                self._windows.bad(stint.line.endpoint)
            elif stint.sent:
                self._windows.good(stint.line.endpoint)

    def _flush(self) -> None:
        if self._outcomes:
            batch = self._outcomes[:ENOUGH]
            ours = self._finish(batch)
            if len(ours) < len(batch):
                logger.warning("%d leases had ended before their outcome was recorded.", len(batch) - len(ours))
            del self._outcomes[: len(batch)]
            self._release([outcome.claimed for outcome in batch])
            self._book.note(batch, now=time.time() + self._clock_offset)
            self.sent += len(batch)
            if not self._outcomes:
                self._crew.listen()
        if self._unsent:
            outbox.hand_back(self._unsent)
            self._release(self._unsent)
            self._unsent = []
        self._look_at = 0.0

    def _finish(self, batch: list[Outcome]) -> set[int]:
        """Write a batch. One outcome that cannot be written, of an answer nobody foresaw, must not keep the others from
        it, and must not have its delivery sent for ever: it is written without the answer."""
        try:
            return outbox.finish(batch)
        except DATABASE_LOST:
            raise
        except DatabaseError:
            logger.exception("An outcome cannot be written; each of the batch is tried alone")
        ours: set[int] = set()
        for outcome in batch:
            try:
                ours |= outbox.finish([outcome])
            except DATABASE_LOST:
                raise
            except DatabaseError:
                ours |= outbox.finish([replace(outcome, **UNWRITABLE)])
        return ours

    def _release(self, jobs: list[Claimed]) -> None:
        for job in jobs:
            self._untrusted[job.trust] -= 1
            self._held[job.endpoint] -= 1
            if self._held[job.endpoint] <= 0:
                del self._held[job.endpoint]

    def _beat(self) -> None:
        if time.monotonic() >= self._beat_at:
            self._bell.beat()
            self._beat_at = time.monotonic() + BEAT_SECONDS
