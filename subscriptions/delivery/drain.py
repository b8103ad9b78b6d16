"""The drain: claims due deliveries, has them sent, writes what came of them; for a while, then it ends.

It holds a slot (`slots.SlotConnection`), hears its wake-ups, and sleeps only until something falls due.

Invariants
- This thread claims, the sender thread has the network, the recording thread writes outcomes.
- What is claimed is either finished (an outcome is written) or handed back; a drain that is killed does neither, and
  the lease ends by itself.
- Losing the database loses no outcome as long as the process lives: they are kept and written when it is back.
- Nothing raises for what an endpoint does.
- From the moment it claims no more its slot is free: the successor delivers while requests to endpoints that never
  answer run out here.
- It goes on past its budget until a successor waits. Drains that begin together end together, and while the first lets
  its requests run out, no worker may be free for the second's successor: nobody would hear the second slot's wake-ups.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

from django.db import connection

from ..counters import known
from . import outbox
from .claimer import Claimer
from .cpu_affinity import core_of, staying_on
from .database import DATABASE_LOST
from .endpoint_health import EndpointBook
from .fairness import Hosts, Paces, Shares
from .gc_tuning import collecting_seldom
from .news import News
from .outbox import Claimed
from .recording_thread import RecordingThread
from .sender_pool import Loop, SenderPool
from .sender_thread import SenderThread
from .sending import Sending
from .slots import SlotConnection

logger = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # the longest sleep: a stop must be seen
HEARTBEAT_SECONDS = 5.0
HOUSEKEEPING_SECONDS = 1.0
HANDOVER_SECONDS = 3.0  # before the end: time for the successor to be queued and to wait for the slot
END_SECONDS = 0.1  # between two looks whether all is written
HAND_OVER_EVERY = 0.1  # seconds between two looks for a successor
RECORDING_SECONDS = 2.0  # of a lease, kept for writing the outcome


class Drain:
    """`housekeeping` is called about once a second; `before_end` some seconds before the budget is used up.
    `successor_seconds`: how long after that it goes on while no successor waits."""

    def __init__(
        self,
        *,
        slot: SlotConnection,
        loop: Loop,
        sending: Sending,
        in_flight: int,
        paces: Paces,
        hosts: Hosts,
        longest_request: float,
        lease: float,
        budget: float,
        time_scale: float = 1.0,
        successor_seconds: float = 0.0,
        should_stop: Callable[[], bool],
        housekeeping: Callable[[], object] = lambda: None,
        before_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._slot = slot
        self._core = core_of(slot.slot or 0)
        self._lease = lease
        safe_seconds = lease - longest_request - RECORDING_SECONDS
        self._sender = SenderThread(SenderPool(loop=loop, sending=sending, paces=paces, safe_seconds=safe_seconds))
        self._claimer = Claimer(
            token=uuid4(), lease=lease, shares=Shares(in_flight), hosts=hosts, paces=paces, give=self._give
        )
        self._book = EndpointBook(time_scale)
        self._recording = RecordingThread(
            sender=self._sender, sending=sending, book=self._book, rows_at_once=self._claimer.rows_at_once
        )
        self._ends_at = time.monotonic() + budget
        self._gives_up_at = self._ends_at + successor_seconds
        self._hand_over_at = self._ends_at
        self._should_stop = should_stop
        self._housekeeping = housekeeping
        self._before_end = before_end
        self._heartbeat_at = 0.0
        self._housekeeping_at = 0.0

    def run(self) -> int:
        """Work until the budget is used or a stop is asked for. Returns how many attempts were recorded."""
        with staying_on(self._core), collecting_seldom():
            self._sender.begin()
            self._recording.begin()
            try:
                self._work_until_lost()
                self._end()
            finally:
                self._recording.end()
                self._sender.end()
                with suppress(*DATABASE_LOST):  # then with the connection
                    outbox.plan_as_usual()
        return self._recording.recorded

    def _work_until_lost(self) -> None:
        try:
            self._work()
        except DATABASE_LOST as error:
            logger.warning("The database is out of reach; what was sent is recorded when it is back: %s", error)
            connection.close()
        except Exception:  # a fault of ours: what was sent is recorded all the same
            logger.exception("A drain ends early")

    def _work(self) -> None:
        told = False
        while not self._should_stop() and not self._is_followed():
            if not told and time.monotonic() > self._ends_at - HANDOVER_SECONDS:
                told = True
                self._before_end()
            self._turn()

    def _is_followed(self) -> bool:
        """Whether the budget is used and a successor has the slot, or none came in time."""
        now = time.monotonic()
        if now < self._hand_over_at:
            return False
        self._hand_over_at = now + HAND_OVER_EVERY
        return now >= self._gives_up_at or self._slot.hand_over()

    def _turn(self) -> None:
        now = time.monotonic()
        if now >= self._heartbeat_at:
            self._slot.record_heartbeat()
            outbox.take_indexes()
            outbox.forget_plans()
            self._heartbeat_at = now + HEARTBEAT_SECONDS
        self._serve_news()
        self._claimer.step(now)
        if now >= self._housekeeping_at:
            self._housekeeping_at = now + HOUSEKEEPING_SECONDS
            self._do_housekeeping()
        now = time.monotonic()
        timeout = min(self._claimer.seconds(now), IDLE_SECONDS, max(0.0, self._hand_over_at - now))
        self._recording.wait(timeout, () if self._claimer.gathers(now) else self._slot.descriptors())
        self._take_recorded()

    def _serve_news(self) -> None:
        """Between any two things that take long: whoever has one event does not wait for many of another."""
        self._claimer.wake(self._slot.news())
        self._claimer.claim_woken(time.monotonic())

    def _give(self, jobs: list[Claimed], claimed_at: float) -> None:
        clock_offset = self._recording.clock_offset = jobs[-1].database_time - time.time()
        self._sender.give(jobs, claimed_at, clock_offset)

    def _take_recorded(self) -> None:
        for recorded in self._recording.collect():
            self._claimer.release(recorded.released)
            if recorded.unsent:
                self._claimer.claim_later(time.monotonic())
            if recorded.ready:
                self._claimer.wake(News(everywhere=True))
            self._claimer.expect(recorded.answers, time.monotonic())

    def _do_housekeeping(self) -> None:
        began = time.monotonic()
        try:
            outbox.plan_as_usual()
            self._housekeeping()
            outbox.take_indexes()
            known.HOUSEKEEPING_SECONDS.observe(time.monotonic() - began)
        except DATABASE_LOST:
            raise
        except Exception:  # whatever is wrong there, deliveries go on
            known.HOUSEKEEPING_FAILURES.add()
            logger.exception("A part of the drain's housekeeping failed; it is tried again")

    def _end(self) -> None:
        """Let requests under way finish, hand back the rest, and write it all, however often the database fails
        meanwhile. After a lease's time it is given up: by then the rows are due again for others."""
        self._sender.stop()
        self._leave_slot()
        self._recording.finish()
        give_up_at = time.monotonic() + self._lease
        while (
            (self._claimer.held or self._book.has_news)
            and not self._recording.has_failed
            and time.monotonic() < give_up_at
        ):
            with suppress(Exception):  # the recording thread tells of it, and tries again as long as it can
                self._recording.wait(END_SECONDS)
            self._take_recorded()

    def _leave_slot(self) -> None:
        try:
            self._slot.leave_slot()
        except DATABASE_LOST as error:  # with the connection went the lock
            logger.warning("The slot's connection is lost: %s", error)
