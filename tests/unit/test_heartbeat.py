"""A cluster's heartbeat: what counts as silence, and whose silence is excused."""

import time

import pytest

from callhooks_site.supervision.watch import Watch, find_stall
from subscriptions.worker.heartbeat import FINISHED, GUARD, RESULT, TAKEN, Heartbeat, Times
from tests.support.waiting import wait_until

LIMIT = 45.0
NOW = 1000.0
FRESH = NOW - 5


@pytest.mark.parametrize(
    ("times", "problem"),
    [
        (Times(FRESH, FRESH, FRESH, FRESH), ""),
        (Times(NOW - 46, FRESH, FRESH, FRESH), "its guard has stopped"),
        (Times(FRESH, NOW - 46, FRESH, FRESH), "no worker takes a task"),
        (Times(FRESH, FRESH, FRESH, FRESH - 46), "nobody takes the results"),
        # All workers are busy with drains: nothing is finished, and no result is due.
        (Times(FRESH, FRESH, NOW - 300, NOW - 300), ""),
        (Times(0, 0, 0, 0), "its guard has stopped"),
    ],
)
def test_the_silence_of_each_part(times: Times, problem: str):
    assert find_stall(times, 0.0, NOW, LIMIT) == problem


def test_what_was_silent_before_the_database_came_back_is_excused():
    silent = Times(NOW - 100, NOW - 100, NOW - 100, NOW - 200)
    assert find_stall(silent, NOW - 44, NOW, LIMIT) == ""
    assert find_stall(silent, NOW - 46, NOW, LIMIT) == "its guard has stopped"


def test_another_process_sees_a_heartbeat(tmp_path):
    heartbeat = Heartbeat.create(tmp_path / "heartbeat")
    before = time.monotonic()
    Heartbeat(tmp_path / "heartbeat").record(GUARD, RESULT)
    times = heartbeat.times()
    assert min(times.guard, times.result) >= before
    assert (times.taken, times.finished) == (0, 0)


def test_a_watch_asks_the_database_only_of_the_silent_and_waits_for_it():
    asked = []
    answers = [False, True]

    def database() -> bool:
        asked.append(1)
        return answers.pop(0)

    with Watch(silent_for=0.5, database_answers=database) as watch:
        heartbeat = Heartbeat(watch.path)
        heartbeat.record(GUARD, TAKEN, FINISHED, RESULT)
        heard_at = time.monotonic()
        wait_until(lambda: not watch.healthy() or asked)
        # Silent for longer than it may; but the database is away, so that counts from now on.
        assert asked == [1]
        assert time.monotonic() - heard_at > 0.5
        away_at = time.monotonic()
        wait_until(lambda: not watch.healthy())
        assert watch.problem == "its guard has stopped"
        assert len(asked) == 2
        assert time.monotonic() - away_at > 0.4
    assert not watch.path.exists()
