"""The crew's lines: how many threads are at an endpoint, in which order, and what a bad answer does to the rest."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from subscriptions.delivery.outbox import Claimed, Outcome
from subscriptions.delivery.sender_pool import STINT, Crew

NOT_SENT = {"trust": 1, "age": 0.0, "database_time": 0.0, "attempt": 1, "round_began_after": 0, "sequence": 1}


def job(number: int, endpoint: int = 1) -> Claimed:
    values = dict.fromkeys(Claimed.__dataclass_fields__, "")
    values |= NOT_SENT | {"id": number, "endpoint": endpoint, "event_id": uuid4(), "body": b"", "token": uuid4()}
    return Claimed(**values)


def outcome(claimed: Claimed, state: str = "delivered", duration_ms: int = 1) -> Outcome:
    return Outcome(claimed, state, 0.0, "", 0.0, duration_ms, [], 200, [], b"", False, "", "")


@contextmanager
def running(send: Callable[[Claimed], Outcome], *, threads: int = 8, safe_seconds: float = 60.0) -> Iterator[Crew]:
    crew = Crew(threads=threads, per_endpoint=2, send=send, safe_seconds=safe_seconds)
    try:
        yield crew
    finally:
        crew.close()


def collect(crew: Crew, number: int) -> tuple[list[int], list[int]]:
    """The ids that were sent and those that came back unsent, when there are `number` in all."""
    sent: list[int] = []
    unsent: list[int] = []
    give_up_at = time.monotonic() + 10
    while len(sent) + len(unsent) < number:
        assert time.monotonic() < give_up_at, f"{sent} {unsent}"
        assert select.select([crew], [], [], 5)[0], "nobody woke the main thread"
        outcomes, stints = crew.collect()
        sent += [one.claimed.id for one in outcomes]
        unsent += [one.id for stint in stints for one in stint.unsent]
        crew.listen()
    return sent, unsent


def test_all_are_sent_and_two_at_most_at_a_time():
    now, most, lock = 0, 0, threading.Lock()

    def send(claimed: Claimed) -> Outcome:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.001)
        with lock:
            now -= 1
        return outcome(claimed)

    with running(send) as crew:
        for start in (0, 50):  # a second helping while the first is under way
            crew.give(1, [job(number) for number in range(start, start + 50)], time.monotonic())
        sent, unsent = collect(crew, 100)
    assert sorted(sent) == list(range(100))
    assert unsent == []
    assert most == 2


def test_what_comes_after_the_line_was_empty_is_sent_too():
    with running(outcome) as crew:
        for number in range(200):
            crew.give(1, [job(number)], time.monotonic())
            assert collect(crew, 1) == ([number], [])


def test_the_first_outcome_wakes_and_again_when_all_is_written():
    go_on = threading.Event()

    def send(claimed: Claimed) -> Outcome:
        if claimed.id % 2:
            go_on.wait(10)  # so that the line is not over: its end would wake too
        return outcome(claimed)

    with running(send) as crew:
        for first in (0, 10):
            go_on.clear()
            crew.listen()
            crew.give(1, [job(first), job(first + 1)], time.monotonic())
            assert collect(crew, 1)[0] == [first]
            go_on.set()
            assert collect(crew, 1)[0] == [first + 1]


def test_a_failure_gives_back_the_rest_of_its_line_and_of_no_other():
    def send(claimed: Claimed) -> Outcome:
        return outcome(claimed, "pending" if claimed.endpoint == 1 else "delivered")

    with running(send) as crew:
        crew.give(1, [job(number, 1) for number in range(30)], time.monotonic())
        crew.give(2, [job(number, 2) for number in range(100, 130)], time.monotonic())
        sent, unsent = collect(crew, 60)
    assert [number for number in unsent if number >= 100] == []
    assert 1 <= len([number for number in sent if number < 100]) <= 2


def test_a_slow_answer_gives_back_the_rest():
    with running(lambda claimed: outcome(claimed, duration_ms=1500)) as crew:
        crew.give(1, [job(number) for number in range(30)], time.monotonic())
        sent, unsent = collect(crew, 30)
    assert 1 <= len(sent) <= 2
    assert len(unsent) == 30 - len(sent)


def test_a_long_line_does_not_keep_the_only_thread():
    order: list[int] = []

    def send(claimed: Claimed) -> Outcome:
        order.append(claimed.id)
        started.set()
        go_on.wait(10)
        return outcome(claimed)

    started, go_on = threading.Event(), threading.Event()
    with running(send, threads=1) as crew:
        crew.give(1, [job(number, 1) for number in range(3 * STINT)], time.monotonic())
        started.wait(10)
        crew.give(2, [job(1000, 2)], time.monotonic())
        go_on.set()
        collect(crew, 3 * STINT + 1)
    # Two turns of the first line may be queued before it.
    assert order.index(1000) <= 2 * STINT


def test_too_late_for_its_lease_is_not_sent():
    with running(outcome, safe_seconds=5.0) as crew:
        crew.give(1, [job(1)], time.monotonic() - 6)
        crew.give(2, [job(2, 2)], time.monotonic())
        assert collect(crew, 2) == ([2], [1])


def test_a_stop_lets_the_request_under_way_finish_and_gives_back_the_rest():
    started, go_on = threading.Event(), threading.Event()

    def send(claimed: Claimed) -> Outcome:
        started.set()
        go_on.wait(10)
        return outcome(claimed)

    with running(send, threads=1) as crew:
        crew.give(1, [job(number) for number in range(40)], time.monotonic())
        assert started.wait(10)
        crew.stop_sending()
        go_on.set()
        sent, unsent = collect(crew, 40)
    assert sent == [0]
    assert sorted(unsent) == list(range(1, 40))
