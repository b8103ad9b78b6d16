"""The first changes of an endpoint are told at once. One that comes and goes is told of seldom, with how often."""

import pytest

from subscriptions.endpoints.damping import (
    AT_ONCE,
    CALM_SECONDS,
    DISABLED,
    FAILING,
    LONGEST_STAY_SECONDS,
    STAYS_SECONDS,
    WELL,
    Known,
    decide,
)


class Story:
    def __init__(self) -> None:
        self.known, self.now, self.told = Known(), 1_000_000.0, []

    def sees(self, state: str, after: float = 60.0) -> "Story":
        self.now += after
        self.known, message = decide(self.known, state, self.now)
        if message is not None:
            self.told.append((message.state, message.failures))
        return self

    def flaps(self, times: int, after: float = 60.0) -> "Story":
        for _ in range(times):
            self.sees(FAILING, after).sees(WELL, after)
        return self


def test_failing_and_recovered_are_told_at_once_and_once():
    story = Story().sees(WELL).sees(FAILING).sees(FAILING).sees(WELL).sees(WELL)
    assert story.told == [(FAILING, 1), (WELL, 0)]


def test_no_recovery_without_a_failure():
    assert Story().sees(WELL).sees(WELL).told == []


def test_what_comes_and_goes_is_told_a_few_times():
    story = Story().flaps(50)
    assert len(story.told) == AT_ONCE
    assert story.known.tell_at == story.known.changed_at + STAYS_SECONDS


@pytest.mark.parametrize(("last", "failures"), [(WELL, 8), (FAILING, 9)])
def test_then_one_message_says_how_it_is_now_and_how_often_it_failed(last, failures):
    story = Story().flaps(10)
    if last == FAILING:
        story.sees(FAILING)
    story.sees(last, STAYS_SECONDS - 1)
    assert len(story.told) == AT_ONCE
    story.sees(last, 2)
    assert story.told[AT_ONCE:] == [(last, failures)]
    story.sees(last, 3600)
    assert len(story.told) == AT_ONCE + 1


def test_each_further_message_waits_twice_as_long():
    story = Story().flaps(3)
    waits = []
    for _ in range(5):
        story.sees(FAILING if story.known.seen == WELL else WELL)
        waits.append(story.known.tell_at - story.known.changed_at)
        story.sees(story.known.seen, waits[-1])
    assert waits == [STAYS_SECONDS, STAYS_SECONDS * 2, STAYS_SECONDS * 4, STAYS_SECONDS * 8, LONGEST_STAY_SECONDS]


def test_after_calm_hours_it_starts_over():
    story = Story().flaps(10).sees(WELL, STAYS_SECONDS)
    before = len(story.told)
    story.sees(FAILING, CALM_SECONDS)
    assert story.told[before:] == [(FAILING, 1)]


def test_disabled_is_told_at_once_whatever_was_told_before():
    story = Story().flaps(20).sees(DISABLED)
    assert story.told[-1][0] == DISABLED
    assert len(story.told) == AT_ONCE + 1
