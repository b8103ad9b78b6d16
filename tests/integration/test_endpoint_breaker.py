"""An endpoint that only fails is left alone for a while: waiting costs no attempt, and one trial at a time follows."""

import time

import pytest
from django.db import connection

from subscriptions.delivery import forwarding, outbox
from subscriptions.delivery.breaker import MINIMUM_ANSWERS
from subscriptions.delivery.endpoint_health import EndpointBook
from subscriptions.models import Delivery, EndpointHealth, Subscription
from tests.support.claims import claim, delivered, failed, one_claim
from tests.support.factories import make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def subscription() -> Subscription:
    subscription = make_subscription(make_company(), events=["pre_call"])
    tracker = make_tracker(subscription.company)
    for _ in range(MINIMUM_ANSWERS + 5):
        make_call(subscription.company, tracker)
    return subscription


def fail_all(book: EndpointBook) -> None:
    outcomes = [failed(job) for job in claim(limit=MINIMUM_ANSWERS)]
    outbox.finish(outcomes)
    book.note(outcomes, now=time.time())


def close_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscriptions_endpointhealth SET open_until = now() - interval '1 s'")
        cursor.execute("UPDATE subscriptions_endpointqueue SET ready_at = now() - interval '1 s'")


def test_under_an_open_breaker_nothing_is_claimed_and_no_attempt_is_spent(subscription):
    fail_all(EndpointBook())
    assert claim() == []
    assert Delivery.objects.filter(attempts=0, state="pending").count() == 5
    assert EndpointHealth.objects.get().opened == 1


def test_the_drain_sleeps_until_the_breaker_closes(subscription):
    fail_all(EndpointBook())
    first, second = one_claim(), one_claim()
    assert first.next_seconds is not None
    assert 0 < first.next_seconds <= 15
    assert (first.more, second.next_seconds) == (False, None), "it was put off once"
    look = outbox.look()
    assert (look.available, look.to_claim) == (False, False)
    assert look.ready_seconds is not None
    assert 0 < look.ready_seconds <= 15


def test_half_open_one_is_tried_at_a_time(subscription):
    fail_all(EndpointBook())
    close_time()
    assert len(claim()) == 1
    assert claim() == []


def test_a_good_trial_lets_everything_through_again(subscription):
    book = EndpointBook()
    fail_all(book)
    close_time()
    trial = [delivered(job) for job in claim()]
    outbox.finish(trial)
    book.note(trial, now=time.time())
    outbox.stage()
    # The ones that wait for a retry come along: the outage is over.
    forwarding.step()
    assert len(claim()) == MINIMUM_ANSWERS + 4


def test_without_an_open_breaker_a_success_hurries_no_retry(subscription):
    book = EndpointBook()
    one, two = claim(limit=2)
    outcomes = [failed(one, wait=300.0)]
    outbox.finish(outcomes)
    book.note(outcomes, now=time.time())
    outcomes = [delivered(two)]
    outbox.finish(outcomes)
    book.note(outcomes, now=time.time())
    assert one.id not in {job.id for job in claim()}


def test_another_endpoint_of_the_same_company_is_not_held_up(subscription):
    other = make_subscription(subscription.company, events=["pre_call"], name="Other")
    fail_all(EndpointBook())
    make_call(subscription.company)
    assert [job.endpoint for job in claim()] == [other.pk]


def test_two_drains_count_together(subscription):
    one, two = EndpointBook(), EndpointBook()
    for book in (one, two, one, two, one):
        outcomes = [failed(job) for job in claim(limit=1)]
        outbox.finish(outcomes)
        book.note(outcomes, now=time.time())
    assert EndpointHealth.objects.get().opened == 1


def test_a_new_address_is_judged_anew(subscription):
    fail_all(EndpointBook())
    subscription.url = "http://127.0.0.1:9999/elsewhere"
    subscription.save()
    assert len(claim()) == 5


def test_an_endpoint_that_is_well_is_not_written_with_every_batch(subscription):
    book = EndpointBook()
    now = time.time()
    for seconds in (0.0, 0.9):
        book.note([delivered(job) for job in claim(limit=1)], now=now + seconds)
        assert not EndpointHealth.objects.exists()
    for seconds in (1.1, 2.0, 3.5):
        book.note([delivered(job) for job in claim(limit=1)], now=now + seconds)
        assert EndpointHealth.objects.get().last_success_at.timestamp() == pytest.approx(now + 1.1, abs=0.01)
    assert not book.has_news


def test_good_news_is_written_when_the_drain_has_nothing_else_to_do(subscription):
    book = EndpointBook()
    now = time.time()
    book.note([delivered(job) for job in claim(limit=1)], now=now)
    book.write_good_news(now + 0.5)
    assert book.has_news
    book.write_good_news(now + 0.6, all_of_it=True)
    assert EndpointHealth.objects.get().window_good == 1
    assert not book.has_news


def test_good_news_that_is_late_does_not_undo_a_failure(subscription):
    late, book = EndpointBook(), EndpointBook()
    (job,) = claim(limit=1)
    late.note([delivered(job)], now=time.time())
    fail_all(book)
    late.write_good_news(time.time() + 2.0)
    assert EndpointHealth.objects.get().opened == 1
    assert EndpointHealth.objects.get().failing_since is not None


def test_a_good_trial_counts_at_once_for_a_drain_that_found_the_endpoint_well_before_it_failed(subscription):
    book = EndpointBook()
    first = [delivered(job) for job in claim(limit=1)]
    outbox.finish(first)
    book.note(first, now=time.time())
    fail_all(EndpointBook())
    assert EndpointHealth.objects.get().opened == 1
    close_time()
    trial = [delivered(job) for job in claim()]
    outbox.finish(trial)
    book.note(trial, now=time.time())
    assert EndpointHealth.objects.get().opened == 0
