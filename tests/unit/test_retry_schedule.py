"""When a failed delivery is tried again."""

import pytest

from subscriptions.delivery.retry import JITTER, SCHEDULES, most_attempts, tried_for, wait_after


@pytest.mark.parametrize(
    ("failed", "seconds"),
    [(1, 5), (2, 300), (3, 1800), (4, 7200), (5, 18_000), (6, 36_000), (7, 50_400), (8, 72_000), (9, 86_400)],
)
def test_the_schedule(failed: int, seconds: float):
    assert wait_after(failed, jitter=0) == seconds


def test_after_the_tenth_it_is_given_up():
    assert most_attempts("standard") == 10
    assert wait_after(10) is None
    assert wait_after(11) is None


@pytest.mark.parametrize(
    ("policy", "attempts", "hours"), [("standard", 10, (75, 77)), ("quick", 7, (1.6, 1.8)), ("patient", 12, (160, 168))]
)
def test_each_policy_takes_the_time_that_the_docs_say(policy: str, attempts: int, hours: tuple[float, float]):
    assert most_attempts(policy) == attempts
    assert hours[0] <= tried_for(policy) / 3600 <= hours[1]
    assert wait_after(attempts - 1, policy=policy, jitter=0) == SCHEDULES[policy][-1]
    assert wait_after(attempts, policy=policy) is None


def test_the_jitter_is_at_most_a_fifth_either_way():
    assert wait_after(2, jitter=1) == 300 * (1 + JITTER) == 360
    assert wait_after(2, jitter=-1) == 240
    drawn = {wait_after(2) for _ in range(200)}
    assert len(drawn) > 100
    assert all(wait is not None and 240 <= wait <= 360 for wait in drawn)
    assert min(drawn) < 290 < 310 < max(drawn), "both ways"


def test_no_failure_no_wait():
    with pytest.raises(ValueError, match="at least one"):
        wait_after(0)


def test_the_scale_multiplies_every_wait():
    assert wait_after(3, jitter=0, scale=0.5) == 900
