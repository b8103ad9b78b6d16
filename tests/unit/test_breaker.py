"""The circuit breaker: when it opens, for how long, and when it closes."""

from subscriptions.delivery.breaker import (
    BREAK_SECONDS,
    LONGEST_BREAK_SECONDS,
    MINIMUM_ANSWERS,
    WINDOW_SECONDS,
    Health,
    after,
    break_seconds,
)

NOW = 1_800_000_000.0


def fail(health: Health, times: int = 1, now: float = NOW) -> Health:
    for _ in range(times):
        health = after(health, good=0, bad=1, reason="Timed out.", now=now)
    return health


def well() -> Health:
    return Health(window_began=NOW)


def test_it_stays_closed_below_the_minimum_of_answers():
    assert fail(well(), MINIMUM_ANSWERS - 1).open_until is None


def test_it_opens_when_most_answers_of_the_window_are_bad():
    opened = fail(well(), MINIMUM_ANSWERS)
    assert opened.open_until == NOW + BREAK_SECONDS
    assert opened.opened == 1


def test_some_failures_among_many_good_answers_do_not_open_it():
    health = after(well(), good=20, bad=0, reason="", now=NOW)
    assert fail(health, 10).open_until is None


def test_failures_of_an_older_window_do_not_count():
    health = fail(well(), MINIMUM_ANSWERS - 1)
    assert fail(health, 1, now=NOW + WINDOW_SECONDS + 1).open_until is None


def test_answers_that_come_in_while_it_is_open_do_not_lengthen_the_break():
    opened = fail(well(), MINIMUM_ANSWERS)
    assert fail(opened, 3, now=NOW + 1).open_until == opened.open_until


def test_a_failed_trial_opens_it_for_twice_as_long():
    opened = fail(well(), MINIMUM_ANSWERS)
    later = NOW + BREAK_SECONDS + 1
    again = fail(opened, 1, now=later)
    assert again.open_until == later + 2 * BREAK_SECONDS
    assert again.opened == 2


def test_a_good_trial_closes_it():
    opened = fail(well(), MINIMUM_ANSWERS)
    closed = after(opened, good=1, bad=0, reason="", now=NOW + BREAK_SECONDS + 1)
    assert (closed.open_until, closed.opened, closed.failing_since) == (None, 0, None)


def test_the_break_grows_to_a_longest():
    assert [break_seconds(n) for n in (1, 2, 3)] == [15, 30, 60]
    assert break_seconds(50) == LONGEST_BREAK_SECONDS


def test_failing_since_is_the_first_failure_after_the_last_success():
    failing = fail(fail(well(), 1, now=NOW), 1, now=NOW + 100)
    assert failing.failing_since == NOW
    assert (failing.last_failure, failing.reason) == (NOW + 100, "Timed out.")


def test_the_scale_multiplies_the_break():
    health = well()
    for _ in range(MINIMUM_ANSWERS):
        health = after(health, good=0, bad=1, reason="", now=NOW, scale=0.1)
    assert health.open_until == NOW + 1.5


def test_retry_after_opens_it_for_exactly_that_long_after_one_answer():
    held = after(well(), good=0, bad=1, reason="", now=NOW, scale=0.1, retry_after=120.0)
    assert (held.open_until, held.asked_until, held.opened) == (NOW + 120, NOW + 120, 1)


def test_answers_of_requests_under_way_leave_a_retry_after_as_it_is():
    held = after(well(), good=0, bad=1, reason="", now=NOW, retry_after=120.0)
    later = fail(after(held, good=3, bad=0, reason="", now=NOW + 1), MINIMUM_ANSWERS, now=NOW + 2)
    assert (later.open_until, later.opened) == (NOW + 120, 1)


def test_a_shorter_retry_after_does_not_shorten_the_first():
    held = after(well(), good=0, bad=1, reason="", now=NOW, retry_after=120.0)
    assert after(held, good=0, bad=1, reason="", now=NOW + 1, retry_after=5.0).open_until == NOW + 120


def test_the_first_good_answer_after_a_retry_after_closes_it():
    held = after(well(), good=0, bad=1, reason="", now=NOW, retry_after=120.0)
    closed = after(held, good=1, bad=0, reason="", now=NOW + 121)
    assert (closed.open_until, closed.opened, closed.failing_since) == (None, 0, None)


def test_the_days_on_which_it_failed_are_counted_from_the_first_failure():
    health, seen = well(), []
    for hours in (0, 1, 23, 25, 26, 49, 200):
        health = fail(health, 2, now=NOW + hours * 3600)
        seen.append(health.failing_days)
    assert seen == [1, 1, 1, 2, 2, 3, 4]
    assert after(health, good=1, bad=0, reason="", now=NOW + 201 * 3600).failing_days == 0
