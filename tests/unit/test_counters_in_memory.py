"""What a process counts is added up, taken once, and bounded."""

import os
import threading

import pytest

from subscriptions.counters import memory
from subscriptions.counters.memory import Counter, Histogram

SEEN = Counter("test_seen_total", "Seen.", ("kind",))
TOOK = Histogram("test_seconds", "Took.", (0.1, 1))


@pytest.fixture(autouse=True)
def _nothing_counted():
    memory.take()
    yield
    memory.take()


def test_counts_are_taken_once():
    SEEN.add("a")
    SEEN.add("a", by=2)
    SEEN.add("b")
    assert memory.take() == {("test_seen_total", ("a",)): [3], ("test_seen_total", ("b",)): [1]}
    assert memory.take() == {}


def test_a_histogram_has_its_sum_and_a_bucket_for_what_is_above():
    TOOK.observe(0.05, 0.1)
    TOOK.observe(0.5)
    TOOK.observe(7)
    ((key, values),) = memory.take().items()
    assert key == ("test_seconds", ())
    assert values == [pytest.approx(7.65), 2, 1, 1]


def test_what_could_not_be_written_is_counted_on():
    SEEN.add("a")
    taken = memory.take()
    SEEN.add("a")
    memory.put_back(taken)
    assert memory.take() == {("test_seen_total", ("a",)): [2]}


def test_labels_that_never_end_become_other_also_when_they_come_slowly(monkeypatch):
    monkeypatch.setattr(memory, "_series", {})
    for number in range(memory.MOST_SERIES):
        SEEN.add(str(number))
    assert len(memory.take()) == memory.MOST_SERIES
    SEEN.add("new")
    SEEN.add("7")
    assert memory.take() == {("test_seen_total", (memory.OTHER,)): [1], ("test_seen_total", ("7",)): [1]}


@pytest.mark.parametrize("label", ["x" * 101, "a\x00b"], ids=["long", "NUL"])
def test_a_label_that_the_table_does_not_take_is_other(label):
    SEEN.add(label)
    assert memory.take() == {("test_seen_total", (memory.OTHER,)): [1]}


def test_threads_lose_nothing():
    def count():
        for _ in range(5_000):
            SEEN.add("a")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert memory.take() == {("test_seen_total", ("a",)): [20_000]}


def test_a_forked_process_does_not_count_its_parents_again():
    SEEN.add("a")
    child = os.fork()
    if not child:
        os._exit(1 if memory.take() else 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert memory.take() == {("test_seen_total", ("a",)): [1]}
