"""How fast what waits is brought forward: a few first, more while they arrive, none while it fails."""

from subscriptions.delivery.forwarding import (
    FAILING_SECONDS,
    FIRST_BATCH,
    LARGEST_BATCH,
    PATIENCE_SECONDS,
    Forwarding,
    Mode,
    next_batch,
)

NOW = 1_800_000_000.0


def one(**fields) -> Forwarding:
    return Forwarding(**{"endpoint": 1, "mode": Mode.RECOVERED, "batch": FIRST_BATCH, "began": NOW - 10, **fields})


def test_it_begins_with_a_few():
    assert next_batch(one(batch=0), NOW) == FIRST_BATCH


def test_it_doubles_while_they_arrive_up_to_a_largest():
    assert next_batch(one(last_success=NOW - 1), NOW) == FIRST_BATCH * 2
    assert next_batch(one(batch=LARGEST_BATCH, last_success=NOW - 1), NOW) == LARGEST_BATCH


def test_a_success_from_before_it_began_says_nothing():
    assert next_batch(one(last_success=NOW - 11), NOW) == 0


def test_without_an_answer_it_waits_and_then_gives_up():
    assert next_batch(one(), NOW) == 0
    assert next_batch(one(), NOW + PATIENCE_SECONDS) is None


def test_a_failure_among_successes_slows_it_down_and_many_end_it():
    failed = one(last_success=NOW - 2, last_failure=NOW - 1)
    assert next_batch(failed, NOW) == 0
    assert next_batch(failed, NOW + FAILING_SECONDS) is None


def test_it_ends_when_the_breaker_opens_or_the_subscription_is_paused():
    assert next_batch(one(last_failure=NOW - 1, left_alone=True), NOW) is None
    assert next_batch(one(last_success=NOW - 1, active=False), NOW) is None
