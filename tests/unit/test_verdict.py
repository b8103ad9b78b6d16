"""What follows from an answer."""

import pytest

from subscriptions.delivery.verdict import LONGEST_RETRY_AFTER, judge, seconds_in

NOW = 1_800_000_000.0


def verdict(**fields):
    known = {"status": 500, "message": "", "retry_after": "", "tries": 1, "age": 1.0, "now": NOW, "jitter": 0.0}
    return judge(**{**known, **fields})


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(status: int):
    assert verdict(status=status).state == "delivered"


@pytest.mark.parametrize("status", [300, 301, 304, 400, 401, 404, 408, 429, 500, 503, 599])
def test_anything_else_is_tried_again(status: int):
    assert verdict(status=status).state == "pending"


def test_no_status_is_told_in_the_clients_words():
    assert verdict(status=None, message="Timed out after 15 s.").reason == "Timed out after 15 s."


def test_the_tenth_failure_gives_up():
    given_up = verdict(tries=10)
    assert given_up.state == "failed"
    assert given_up.reason == "We stopped trying after 10 attempts. The server answered 500."


def test_410_ends_it_at_once():
    gone = verdict(status=410)
    assert (gone.state, gone.gone) == ("failed", True)


def test_retry_after_is_obeyed_on_429_and_503_only():
    assert verdict(status=503, retry_after="120").wait == 120
    assert verdict(status=429, retry_after="120").wait == 120
    assert verdict(status=500, retry_after="120").wait == 5


def test_retry_after_is_never_earlier_than_the_schedule():
    assert verdict(status=503, retry_after="1", tries=3).wait == 1800


def test_a_429_costs_no_attempt_until_the_event_is_three_days_old():
    assert verdict(status=429).free
    assert verdict(status=429, tries=10).state == "pending"
    assert not verdict(status=429, age=4 * 86_400.0).free
    assert verdict(status=429, age=4 * 86_400.0, tries=10).state == "failed"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        (" 90 ", 90),
        ("-5", 0),
        ("1e309", 0),
        ("10.5", 0),
        ("٣", 0),
        ("1000000000000", LONGEST_RETRY_AFTER),
        ("90000", LONGEST_RETRY_AFTER),
        ("", 0),
        ("soon", 0),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60),
        ("Fri, 15 Jan 2027 07:59:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER),
        ("Fri, 31 Dec 99999 23:59:59 GMT", 0),
        ("Mon, 00 Foo 0000 99:99:99 GMT", 0),
    ],
)
def test_what_a_retry_after_says(header: str, seconds: float):
    # NOW is Fri, 15 Jan 2027 08:00:00 GMT.
    assert seconds_in(header, now=NOW) == seconds


def test_a_retry_after_holds_the_endpoint():
    assert verdict(status=503, retry_after="120", tries=3).retry_after == 120
    assert verdict(status=503, retry_after="120", tries=10).retry_after == 120
    assert verdict(status=500, retry_after="120").retry_after == 0


def test_our_own_shortage_costs_no_attempt_even_at_the_last():
    short = verdict(status=None, message="Short of sockets.", error="shortage", tries=10)
    assert (short.state, short.free, short.ours, short.wait) == ("pending", True, True, 10.0)


def test_a_shortage_that_lasts_is_not_made_worse_by_what_waits():
    waits = [verdict(status=None, error="shortage", age=age).wait for age in (1.0, 600.0, 86_400.0)]
    assert waits == [10.0, 60.0, 300.0]


def test_in_an_outage_of_our_own_the_last_attempt_is_not_the_last():
    ours = verdict(status=None, message="The host name could not be found.", error="dns", tries=10, outage=True)
    assert (ours.state, ours.free, ours.ours) == ("pending", True, True)
    assert ours.reason.endswith("The host name could not be found.")
    assert verdict(status=None, message="", error="dns", tries=10).state == "failed"
