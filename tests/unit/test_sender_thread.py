"""The sender's thread: requests go on while the drain's thread is busy, and the drain is woken for whole batches."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterator

import pytest

from subscriptions.delivery.fairness import Paces
from subscriptions.delivery.http.client import Answer, Request
from subscriptions.delivery.recorder import ENOUGH
from subscriptions.delivery.sender_pool import SenderPool
from subscriptions.delivery.sender_thread import SenderThread
from subscriptions.delivery.sending import Sending
from tests.support.waiting import wait_until
from tests.unit.test_sender_pool import job

PATIENCE = 30.0


class Network:
    """Answers at once, unless it is `held`; from then on when it is `freed`."""

    def __init__(self, *, held: bool = False) -> None:
        self.started: list[Hashable] = []
        self.threads: set[int] = set()
        self.fault: Exception | None = None
        self._free = threading.Event()
        self._freed = os.eventfd(0, os.EFD_NONBLOCK)
        if not held:
            self._free.set()
        self._open: list[Hashable] = []

    def start(self, key: Hashable, request: Request) -> None:
        if self.fault:
            raise self.fault
        self.threads.add(threading.get_ident())
        self.started.append(key)
        self._open.append(key)

    def wait(self, timeout: float, descriptors: Collection[int]) -> tuple[list[tuple[Hashable, Answer]], set[int]]:
        if not (self._free.is_set() and self._open):
            ready, _, _ = select.select([self._freed, *descriptors], [], [], timeout)
        else:
            ready, _, _ = select.select(list(descriptors), [], [], 0)
        answers = [(key, Answer(204, [], b"", False, 5)) for key in self._open] if self._free.is_set() else []
        if answers:
            self._open.clear()
        return answers, set(ready) & set(descriptors)

    def free(self) -> None:
        self._free.set()
        os.eventfd_write(self._freed, 1)

    def close(self) -> None:
        os.close(self._freed)


@pytest.fixture
def run() -> Iterator[Callable[..., SenderThread]]:
    running: list[tuple[SenderThread, Network]] = []

    def begin(network: Network, *, most: int = 2) -> SenderThread:
        sending = Sending(decrypt=lambda text: text, user_agent="test", retry_scale=1.0)
        sender = SenderThread(SenderPool(loop=network, sending=sending, paces=Paces(most), safe_seconds=PATIENCE))
        sender.begin()
        running.append((sender, network))
        return sender

    yield begin
    for sender, network in running:
        sender.end()
        network.close()


def give(sender: SenderThread, numbers: range) -> None:
    sender.give([job(number) for number in numbers], time.monotonic(), 0.0)


def test_requests_go_on_while_the_drain_is_busy_with_the_database(run):
    network = Network()
    sender = run(network)
    give(sender, range(10))
    # Two at a time are allowed: eight of them were begun after answers that this thread has not asked for.
    wait_until(lambda: len(network.started) == 10)
    assert network.threads.isdisjoint({threading.get_ident()})


def test_a_full_batch_is_there_at_once(run):
    sender = run(Network(), most=2 * ENOUGH)
    sender.flush_seconds = PATIENCE
    give(sender, range(ENOUGH))
    outcomes: list[int] = []

    def collect() -> None:
        sender.wait(PATIENCE)
        outcomes.extend(outcome.claimed.id for outcome in sender.collect()[0])

    wait_until(lambda: bool(outcomes), meanwhile=collect)
    assert sorted(outcomes) == list(range(ENOUGH))


def test_what_is_no_batch_waits_for_others_but_not_for_long(run):
    network = Network()
    sender = run(network)
    sender.flush_seconds = PATIENCE
    give(sender, range(3))
    wait_until(lambda: len(network.started) == 3)
    sender.wait(0.0)
    assert sender.collect() == ([], [])
    sender.flush_seconds = 0.0
    outcomes: list[int] = []
    wait_until(
        lambda: len(outcomes) == 3,
        meanwhile=lambda: outcomes.extend(one.claimed.id for one in sender.collect()[0]),
    )
    assert outcomes == [0, 1, 2]


def test_a_stop_hands_back_what_waits_and_finishes_what_is_under_way(run):
    network = Network(held=True)
    sender = run(network)
    give(sender, range(5))
    wait_until(lambda: len(network.started) == 2)
    sender.stop()
    unsent: list[int] = []
    wait_until(
        lambda: len(unsent) == 3,
        meanwhile=lambda: unsent.extend(one.id for one in sender.collect(all_of_them=True)[1]),
    )
    assert unsent == [2, 3, 4]
    network.free()
    sent: list[int] = []
    wait_until(
        lambda: len(sent) == 2,
        meanwhile=lambda: sent.extend(o.claimed.id for o in sender.collect(all_of_them=True)[0]),
    )
    assert sent == [0, 1]


def test_a_fault_in_the_thread_is_raised_where_the_drain_waits(run, caplog):
    network = Network()
    network.fault = RuntimeError("a fault of ours")
    sender = run(network)
    give(sender, range(1))
    with pytest.raises(RuntimeError, match="a fault of ours"):
        wait_until(lambda: False, meanwhile=lambda: sender.wait(PATIENCE))
    assert "A drain's sender thread ends early" in caplog.text
