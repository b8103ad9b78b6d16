"""A drain's outcomes are written in a thread of its own, over a connection of its own: a commit waits for the disk, and
whoever is woken meanwhile does not wait for that.

Invariants
- What the sender thread brings is written by this thread alone. What was written passes to the drain's thread.
- Losing the database loses no outcome: the thread connects anew and writes it then, for as long as the drain lets it.
- A fault of this thread or of the sender's is raised where the drain waits.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from django.db import connection

from . import outbox
from .database import DATABASE_LOST
from .endpoint_health import EndpointBook
from .outbox import Claimed, Outcome
from .readable import wait_readable
from .recorder import Recorder
from .sender_thread import SenderThread
from .sending import Sending

logger = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # the longest sleep: good news of endpoints is written by then
FINISHING_SECONDS = 0.1  # the same while the drain ends, which asks for all that there is
RECONNECT_SECONDS = 0.5
PLANS_SECONDS = 5.0  # how long this connection's statements keep a plan


class Recorded(NamedTuple):
    """`released`: deliveries that the drain holds no more. `answers`: what came of those that were sent. `ready`: an
    endpoint has room again. `unsent`: they were handed back."""

    released: Sequence[Claimed]
    answers: Sequence[Outcome] = ()
    ready: bool = False
    unsent: bool = False


class RecordingThread:
    """`rows_at_once`: how many outcomes to write in one statement now. `clock_offset`: the database's clock minus this
    machine's, in seconds."""

    def __init__(
        self, *, sender: SenderThread, sending: Sending, book: EndpointBook, rows_at_once: Callable[[], int]
    ) -> None:
        self._sender = sender
        self._sending = sending
        self._book = book
        self._rows_at_once = rows_at_once
        self._recorder = Recorder(written=self._written, handed_back=self._handed_back)
        self._recorded: deque[Recorded] = deque()
        self._fault: Exception | None = None
        self._finishing = self._ending = False
        self.has_failed = False  # it writes no more
        self.clock_offset = 0.0
        self._plans_until = 0.0
        self._for_drain = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)

    @property
    def recorded(self) -> int:
        """How many attempts."""
        return self._recorder.recorded

    def begin(self) -> None:
        self._thread.start()

    def wait(self, timeout: float, descriptors: Collection[int] = ()) -> None:
        """Until something was written, or a descriptor can be read, or the time is over. Raises what went wrong,
        once."""
        wait_readable(self._for_drain, descriptors, timeout)
        fault, self._fault = self._fault, None
        if fault:
            raise fault

    def collect(self) -> list[Recorded]:
        """What was written since the last call."""
        return [self._recorded.popleft() for _ in range(len(self._recorded))]

    def finish(self) -> None:
        """From now on wait for no company: write all that comes, at once."""
        self._finishing = True
        self._sender.tell()

    def end(self) -> None:
        """End the thread, whatever is not written yet."""
        self._ending = True
        self._sender.tell()
        if self._thread.ident is not None:
            self._thread.join()
        os.close(self._for_drain)

    # The thread

    def _run(self) -> None:
        try:
            while not self._ending:
                try:
                    self._step()
                except DATABASE_LOST as lost:
                    connection.close()
                    self._tell(lost)
                    time.sleep(RECONNECT_SECONDS)
                except Exception as fault:
                    if self._finishing:
                        raise
                    self._tell(fault)
        except Exception as fault:  # nothing more can be written: the leases end by themselves
            logger.exception("A drain could not write what it did")
            self.has_failed = True
            self._tell(fault)
        finally:
            connection.close()

    def _step(self) -> None:
        try:
            self._sender.wait(FINISHING_SECONDS if self._finishing else IDLE_SECONDS)
        finally:
            self._write()

    def _write(self) -> None:
        outcomes, unsent = self._sender.collect(all_of_them=self._finishing)
        self._recorder.add(self._sending.excuse(outcomes), unsent)
        if outcomes and time.monotonic() >= self._plans_until:
            outbox.take_indexes()
            outbox.forget_plans()
            self._plans_until = time.monotonic() + PLANS_SECONDS
        while self._recorder.flush(self._rows_at_once()):
            pass
        self._book.write_good_news(self._now(), all_of_it=self._finishing)

    def _written(self, batch: Sequence[Outcome], ready: bool) -> None:
        answers = [outcome for outcome in batch if outcome.claimed.leads]
        try:
            self._book.note(answers, now=self._now())  # before the drain may claim more of an endpoint that fails
        finally:
            self._pass_on(Recorded([outcome.claimed for outcome in answers], answers, ready))

    def _handed_back(self, unsent: Sequence[Claimed]) -> None:
        self._pass_on(Recorded(unsent, unsent=True))

    def _pass_on(self, recorded: Recorded) -> None:
        self._recorded.append(recorded)
        os.eventfd_write(self._for_drain, 1)

    def _tell(self, fault: Exception) -> None:
        self._fault = fault
        os.eventfd_write(self._for_drain, 1)

    def _now(self) -> float:
        return time.time() + self.clock_offset
