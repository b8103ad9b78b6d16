"""The recording thread: outcomes survive a lost database, and the drain hears of what went wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from django.db import OperationalError

from subscriptions.delivery import outbox, pacing, recording_thread
from subscriptions.delivery.endpoint_health import EndpointBook
from subscriptions.delivery.fairness import Paces
from subscriptions.delivery.outbox import Finished, Outcome
from subscriptions.delivery.recording_thread import Recorded, RecordingThread
from subscriptions.delivery.sender_pool import SenderPool
from subscriptions.delivery.sender_thread import SenderThread
from subscriptions.delivery.sending import Sending
from tests.support.waiting import wait_until
from tests.unit.test_sender_pool import job
from tests.unit.test_sender_thread import Network

PATIENCE = 30.0


class Database:
    """Writes outcomes, after it has raised each of `errors`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.errors: list[Exception] = []
        self.written: list[int] = []
        self.threads: set[int] = set()
        monkeypatch.setattr(outbox, "finish", self._finish)
        monkeypatch.setattr(outbox, "take_indexes", lambda: None)
        monkeypatch.setattr(outbox, "forget_plans", lambda: None)
        monkeypatch.setattr(EndpointBook, "note", lambda *_, **__: None)
        monkeypatch.setattr(recording_thread, "RECONNECT_SECONDS", 0.0)

    def _finish(self, outcomes: Sequence[Outcome]) -> Finished:
        self.threads.add(threading.get_ident())
        if self.errors:
            raise self.errors.pop(0)
        self.written += [outcome.claimed.id for outcome in outcomes]
        return Finished({outcome.claimed.id for outcome in outcomes}, False)


@pytest.fixture
def database(monkeypatch) -> Database:
    return Database(monkeypatch)


@pytest.fixture
def begin() -> Iterator[Callable[[Network], tuple[SenderThread, RecordingThread]]]:
    running: list[tuple[SenderThread, RecordingThread, Network]] = []

    def begin(network: Network) -> tuple[SenderThread, RecordingThread]:
        sending = Sending(decrypt=lambda text: text, user_agent="test", retry_scale=1.0)
        sender = SenderThread(SenderPool(loop=network, sending=sending, paces=Paces(9), safe_seconds=PATIENCE))
        recording = RecordingThread(sender=sender, sending=sending, book=EndpointBook(), rows_at_once=lambda: 100)
        sender.begin()
        recording.begin()
        running.append((sender, recording, network))
        return sender, recording

    yield begin
    for sender, recording, network in running:
        recording.end()
        sender.end()
        network.close()


def wait_for(recording: RecordingThread, number: int) -> list[int]:
    """The deliveries that are held no more, as soon as they are so many."""
    released: list[int] = []
    give_up_at = time.monotonic() + PATIENCE
    while len(released) < number:
        assert time.monotonic() < give_up_at
        recording.wait(PATIENCE)
        released += [one.id for recorded in recording.collect() for one in recorded.released]
    return released


def test_outcomes_are_written_beside_the_drains_thread(database, begin):
    sender, recording = begin(Network())
    sender.give([job(1), job(2)], time.monotonic(), 0.0)
    assert sorted(wait_for(recording, 2)) == [1, 2]
    assert sorted(database.written) == [1, 2]
    assert database.threads.isdisjoint({threading.get_ident()})


def test_how_many_were_written_decides_how_long_the_next_ones_wait(database, begin, monkeypatch):
    written: list[int] = []

    def note(number: int) -> float:
        written.append(number)
        return 0.05

    monkeypatch.setattr(pacing, "seconds_between", note)
    sender, recording = begin(Network())
    sender.give([job(each) for each in range(9)], time.monotonic(), 0.0)
    wait_for(recording, 9)
    wait_until(lambda: sum(written) == 9 and sender.flush_seconds == 0.05)


def test_a_lost_database_is_told_and_its_outcomes_are_written_when_it_is_back(database, begin):
    database.errors = [OperationalError("away"), OperationalError("still away")]
    sender, recording = begin(Network())
    sender.give([job(1)], time.monotonic(), 0.0)
    with pytest.raises(OperationalError, match="away"):
        wait_for(recording, 1)
    recording.finish()
    give_up_at = time.monotonic() + PATIENCE
    collected: list[Recorded] = []
    while not collected:
        assert time.monotonic() < give_up_at
        try:
            recording.wait(PATIENCE)
        except OperationalError:
            continue
        finally:
            collected += recording.collect()
    assert database.written == [1]
    assert not recording.has_failed


def test_after_a_second_fault_of_ours_it_writes_no_more_and_the_drain_need_not_wait(database, begin, caplog):
    database.errors = [RuntimeError("a fault of ours"), RuntimeError("once more")]
    sender, recording = begin(Network())
    sender.give([job(1)], time.monotonic(), 0.0)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        wait_for(recording, 1)
    recording.finish()
    with pytest.raises(RuntimeError, match="once more"):
        wait_for(recording, 1)
    assert recording.has_failed
    assert "A drain could not write what it did" in caplog.text


def test_what_the_sender_brought_before_its_fault_is_written(database, begin):
    network = Network()
    sender, recording = begin(network)
    sender.give([job(1)], time.monotonic(), 0.0)
    assert wait_for(recording, 1) == [1]
    network.fault = RuntimeError("a fault of the sender's")
    sender.give([job(2)], time.monotonic(), 0.0)
    with pytest.raises(RuntimeError, match="a fault of the sender's"):
        wait_for(recording, 1)
