"""The sender pool's endpoint queues: how many requests are under way, in which order, and what a bad answer does."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Hashable, Sequence
from uuid import uuid4

from subscriptions.delivery.fairness import Paces
from subscriptions.delivery.http.client import Answer, Request
from subscriptions.delivery.outbox import Claimed
from subscriptions.delivery.outbox.rows import Together
from subscriptions.delivery.sender_pool import SenderPool
from subscriptions.delivery.sending import Sending

NOT_SENT = {"trust": 1, "age": 0.0, "database_time": 0.0, "attempt": 1, "round_began_after": 0, "sequence": 1,
            "encoding": "json", "retry_policy": "standard", "retry_refusals": True}  # fmt: skip
SECRET = "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def job(number: int, endpoint: int = 1, **more: object) -> Claimed:
    values = dict.fromkeys(Claimed.__dataclass_fields__, "")
    values |= NOT_SENT | {"id": number, "endpoint": endpoint, "event_id": uuid4(), "body": b"", "token": uuid4()}
    return Claimed(**(values | {"secret": SECRET, "signing_key": "key", "url": f"http://example.com/{number}"} | more))


class WrittenLoop:
    """A network whose answers the test gives."""

    def __init__(self) -> None:
        self.started: list[Hashable] = []
        self.answers: deque[tuple[Hashable, Answer]] = deque()
        self.in_flight = 0

    def start(self, key: Hashable, request: Request) -> None:
        self.started.append(key)

    def wait(self, timeout: float, descriptors: Collection[int]) -> tuple[list[tuple[Hashable, Answer]], set[int]]:
        answers = list(self.answers)
        self.answers.clear()
        return answers, set()

    def answer(self, *numbers: int, status: int = 204, milliseconds: int = 5) -> None:
        for number in numbers:
            self.answers.append(((number, 1), Answer(status, [], b"", False, milliseconds)))

    @property
    def numbers(self) -> list[int]:
        return [key[0] for key in self.started]  # type: ignore[index]


def make_pool(loop: WrittenLoop, *, most: int = 2, safe_seconds: float = 60.0) -> SenderPool:
    sending = Sending(decrypt=lambda text: text, user_agent="test", retry_scale=1.0)
    return SenderPool(loop=loop, sending=sending, paces=Paces(most), safe_seconds=safe_seconds)


def collect(pool: SenderPool) -> tuple[list[int], list[int]]:
    """The ids that were sent and those that came back unsent."""
    pool.wait(0)
    outcomes, unsent = pool.collect()
    return [one.claimed.id for one in outcomes], [one.id for one in unsent]


def give(pool: SenderPool, jobs: Sequence[Claimed], age: float = 0.0) -> None:
    pool.give(jobs, time.monotonic() - age)


def test_all_are_sent_in_order_and_two_at_most_at_a_time():
    loop = WrittenLoop()
    pool = make_pool(loop)
    for start in (0, 5):  # a second helping while the first is under way
        give(pool, [job(number) for number in range(start, start + 5)])
    done: list[int] = []
    for number in range(10):
        assert len(loop.started) - number <= 2
        loop.answer(number)
        done += collect(pool)[0]
    assert done == loop.numbers == list(range(10))


def test_a_quick_endpoint_gets_more_at_a_time_and_never_more_than_the_setting():
    loop = WrittenLoop()
    pool = make_pool(loop, most=4)
    give(pool, [job(number) for number in range(20)])
    assert len(loop.started) == 2
    loop.answer(0)
    collect(pool)
    assert len(loop.started) == 5


def test_each_endpoint_has_its_own_queue():
    loop = WrittenLoop()
    pool = make_pool(loop)
    give(pool, [job(1, 1), job(2, 1), job(3, 1), job(4, 2), job(5, 2)])
    assert sorted(loop.numbers) == [1, 2, 4, 5]


def test_what_comes_after_the_queue_was_empty_is_sent_too():
    loop = WrittenLoop()
    pool = make_pool(loop)
    for number in range(20):
        give(pool, [job(number)])
        loop.answer(number)
        assert collect(pool) == ([number], [])


def test_a_failure_gives_back_the_rest_of_its_queue_and_of_no_other():
    loop = WrittenLoop()
    pool = make_pool(loop)
    give(pool, [job(number, 1) for number in range(10)] + [job(number, 2) for number in range(100, 110)])
    loop.answer(0, status=500)
    loop.answer(100)
    sent, unsent = collect(pool)
    assert (sorted(sent), unsent) == ([0, 100], list(range(2, 10)))
    loop.answer(1)
    assert collect(pool) == ([1], [])


def test_a_slow_answer_gives_back_the_rest():
    loop = WrittenLoop()
    pool = make_pool(loop)
    give(pool, [job(number) for number in range(10)])
    loop.answer(0, milliseconds=1500)
    assert collect(pool) == ([0], list(range(2, 10)))


def test_an_endpoint_that_failed_gets_one_at_a_time_until_it_is_well_again():
    loop = WrittenLoop()
    pool = make_pool(loop)
    give(pool, [job(0)])
    loop.answer(0, status=500)
    collect(pool)
    give(pool, [job(1), job(2)])
    assert loop.numbers == [0, 1]


def test_too_late_for_its_lease_is_not_sent():
    loop = WrittenLoop()
    pool = make_pool(loop, safe_seconds=5.0)
    give(pool, [job(1)], age=6)
    give(pool, [job(2, 2)])
    assert loop.numbers == [2]
    assert collect(pool) == ([], [1])


def test_a_stop_lets_requests_under_way_finish_and_gives_back_the_rest():
    loop = WrittenLoop()
    pool = make_pool(loop)
    give(pool, [job(number) for number in range(10)])
    pool.stop()
    assert collect(pool) == ([], list(range(2, 10)))
    loop.answer(0, 1)
    assert collect(pool) == ([0, 1], [])
    assert loop.numbers == [0, 1]


def test_secrets_that_cannot_be_read_cost_their_own_delivery():
    def decrypt(text: str) -> str:
        if text == "broken":
            raise ValueError("no key fits")
        return text

    loop = WrittenLoop()
    sending = Sending(decrypt=decrypt, user_agent="test", retry_scale=1.0)
    pool = SenderPool(loop=loop, sending=sending, paces=Paces(2), safe_seconds=60.0)
    give(pool, [job(1, secret="broken"), job(2)])
    assert loop.numbers == [2]
    outcomes, _ = pool.collect()
    assert [(one.claimed.id, one.state, one.error) for one in outcomes] == [(1, "pending", "internal")]


def test_an_answer_for_a_drain_before_this_one_is_passed_over():
    loop = WrittenLoop()
    pool = make_pool(loop)
    loop.answer(77)
    assert collect(pool) == ([], [])


def together(*numbers: int) -> list[Claimed]:
    """Deliveries of one request; the first leads."""
    jobs = [job(number) for number in numbers]
    for one in jobs:
        one.together = Together(uuid4(), numbers[0], 1, False, jobs)
    return jobs


def test_what_goes_together_is_one_request_with_an_outcome_for_each():
    loop = WrittenLoop()
    pool = make_pool(loop, most=1)
    lead = together(1, 2, 3)[0]
    give(pool, [lead])
    assert loop.numbers == [1]
    loop.answer(1, status=503)
    pool.wait(0)
    outcomes, unsent = pool.collect()
    assert ([one.claimed.id for one in outcomes], unsent) == ([1, 2, 3], [])
    assert [one.claimed.leads for one in outcomes] == [True, False, False]
    assert len({one.wait for one in outcomes}) == 1
