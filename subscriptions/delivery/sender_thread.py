"""The sender pool in a thread of its own: requests go on while the database works.

Invariants
- The pool and its loop are the thread's alone from `begin` to `end`; what passes between the threads are whole lists.
- What was given comes back: the thread ends when it is told to, or by a fault, which is raised where its outcomes are
  waited for.
- Whoever waits for outcomes is woken when a batch is full, or has waited long enough, or something is handed back; not
  for each answer.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence

from . import pacing
from .outbox import Claimed, Outcome
from .readable import wait_readable
from .recorder import ENOUGH
from .sender_pool import SenderPool

logger = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # the thread's longest wait: a wake-up cannot get lost, so any time would do


class SenderThread:
    """`give`, `wait` and `collect` as of a pool. `clock_offset`: the database's clock minus this machine's.
    `flush_seconds`: how long an outcome waits for others, by how many were collected last."""

    def __init__(self, pool: SenderPool) -> None:
        self._pool = pool
        self.flush_seconds = pacing.LEAST_SECONDS
        self._given: deque[tuple[list[Claimed], float, float]] = deque()
        self._lock = threading.Lock()  # over what is below
        self._outcomes: list[Outcome] = []
        self._unsent: list[Claimed] = []
        self._oldest = 0.0
        self._fault: Exception | None = None
        self._stopping = self._ending = False
        self._for_thread = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._for_waiter = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def give(self, jobs: list[Claimed], claimed_at: float, clock_offset: float) -> None:
        """Claimed deliveries; those of one endpoint are begun in this order."""
        self._given.append((jobs, claimed_at, clock_offset))
        os.eventfd_write(self._for_thread, 1)

    def wait(self, timeout: float) -> None:
        """Until there is a batch to write, or the time is over. Raises what ended the thread."""
        if (ripe := self._seconds_to_batch()) is not None:
            timeout = min(timeout, ripe)
        wait_readable(self._for_waiter, (), timeout)
        if self._fault:
            raise self._fault

    def collect(self, *, all_of_them: bool = False) -> tuple[Sequence[Outcome], Sequence[Claimed]]:
        """What is to be written: nothing, unless a batch is full or has waited long enough, or `all_of_them`."""
        if not all_of_them and self._seconds_to_batch() != 0.0:
            return [], []
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
            unsent, self._unsent = self._unsent, []
        if outcomes:
            self.flush_seconds = pacing.seconds_between(len(outcomes))
        return outcomes, unsent

    def tell(self) -> None:
        """End the wait of whoever waits."""
        os.eventfd_write(self._for_waiter, 1)

    def stop(self) -> None:
        """Begin nothing more: what waits comes back unsent, requests under way are finished."""
        self._stopping = True
        os.eventfd_write(self._for_thread, 1)

    def end(self) -> None:
        """End the thread, whatever is still under way: the leases of that end by themselves."""
        self._ending = True
        os.eventfd_write(self._for_thread, 1)
        if self._thread.ident is not None:
            self._thread.join()
        os.close(self._for_thread)
        os.close(self._for_waiter)

    def _seconds_to_batch(self) -> float | None:
        with self._lock:
            if self._unsent or len(self._outcomes) >= ENOUGH:
                return 0.0
            return max(0.0, self._oldest + self.flush_seconds - time.monotonic()) if self._outcomes else None

    # The thread

    def _run(self) -> None:
        try:
            while not self._ending:
                if self._pool.wait(IDLE_SECONDS, (self._for_thread,)):
                    self._take()
                self._bring(*self._pool.collect())
        except Exception as fault:  # raised once more in `wait`
            logger.exception("A drain's sender thread ends early")
            self._fault = fault
            os.eventfd_write(self._for_waiter, 1)

    def _take(self) -> None:
        os.eventfd_read(self._for_thread)
        while self._given:
            jobs, claimed_at, self._pool.clock_offset = self._given.popleft()
            self._pool.give(jobs, claimed_at)
        if self._stopping:
            self._pool.stop()

    def _bring(self, outcomes: Sequence[Outcome], unsent: Sequence[Claimed]) -> None:
        if not outcomes and not unsent:
            return
        with self._lock:
            before = len(self._outcomes)
            self._outcomes += outcomes
            self._unsent += unsent
            if not before:
                self._oldest = time.monotonic()
            tell = unsent or not before or before < ENOUGH <= len(self._outcomes)
        if tell:
            os.eventfd_write(self._for_waiter, 1)
