"""Retry-After on 429 and 503 holds the endpoint: nothing is sent to it until then, and then one request first."""

import threading
import time
from itertools import count

import pytest
from django.db import connection

from subscriptions.delivery import outbox
from subscriptions.delivery.endpoint_health import EndpointBook
from subscriptions.endpoints import operations
from subscriptions.models import Delivery, EndpointHealth, Subscription
from tests.support.claims import claim, delivered, failed
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Got, Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def subscription(receiver: Receiver) -> Subscription:
    subscription = make_subscription(make_company(), url=receiver.url, events=["pre_call"])
    calls(subscription, 8)
    return subscription


def calls(subscription: Subscription, number: int) -> None:
    tracker = make_tracker(subscription.company)
    for _ in range(number):
        make_call(subscription.company, tracker)


def asked(seconds: float = 60.0) -> None:
    """One webhook is answered with a Retry-After."""
    note(failed(claim(limit=1)[0], wait=0.0, status=503, retry_after=seconds))


def note(*outcomes: outbox.Outcome) -> None:
    outbox.finish(outcomes)
    EndpointBook().note(outcomes, now=time.time())


def its_time_is_over() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscriptions_endpointhealth SET open_until = now() - interval '1 s', "
            "retry_after_until = now() - interval '1 s'"
        )
        cursor.execute("UPDATE subscriptions_endpointqueue SET ready_at = now() - interval '1 s'")


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_is_sent_until_then_and_one_request_goes_first(subscription, receiver: Receiver, settings, status: int):
    settings.RETRY_TIME_SCALE = 0.01
    again: list[Got] = []
    going = threading.Event()

    def answer(got: Got) -> tuple[int, dict[str, str], bytes]:
        if got.at - receiver.got[0].at < 2.0:
            return status, {"Retry-After": "2"}, b""
        again.append(got)
        if len(again) == 1:
            going.wait(0.5)
        return 200, {}, b""

    receiver.answer = answer
    drain_until(nothing_pending)
    early = [got for got in receiver.got if got not in again]
    assert len(early) <= settings.DELIVERY_PER_ENDPOINT  # those that were under way together
    assert again[1].at - again[0].at > 0.5


def test_it_holds_for_all_drains(subscription, receiver: Receiver, settings):
    receiver.answer = lambda got: (429, {"Retry-After": "600"}, b"")

    def held() -> bool:
        return EndpointHealth.objects.filter(retry_after_until__isnull=False).exists()

    drain_until(held)
    before = len(receiver.got)
    calls(subscription, 3)
    rounds = count(1)
    drain_until(lambda: next(rounds) > 2)  # another drain: it has claimed and looked
    assert len(receiver.got) == before
    look = outbox.look()
    assert not look.to_claim
    assert look.ready_seconds is not None
    assert 590 < look.ready_seconds <= 600


def test_a_good_answer_to_a_request_that_was_under_way_does_not_lift_it(subscription):
    under_way, other = claim(limit=2)
    note(failed(other, wait=0.0, status=429, retry_after=60.0))
    note(delivered(under_way))
    assert claim() == []
    its_time_is_over()
    assert len(claim()) == 1


def test_asked_again_it_waits_again_and_not_for_longer(subscription):
    asked()
    its_time_is_over()
    asked(30.0)
    health = EndpointHealth.objects.get()
    assert health.open_until is not None
    assert 0 < health.open_until.timestamp() - time.time() <= 30


def test_another_endpoint_is_sent_to_meanwhile(subscription):
    other = make_subscription(subscription.company, events=["pre_call"], name="Other")
    asked()
    make_call(subscription.company)
    assert {job.endpoint for job in claim()} == {other.pk}


def test_a_new_address_is_not_held(subscription):
    asked()
    subscription.url = "http://127.0.0.1:9999/elsewhere"
    subscription.save()
    assert len(claim()) >= 7


def test_a_resume_lifts_it(subscription):
    asked()
    operations.pause(subscription)
    operations.resume(subscription, send_held=True)
    assert len(claim()) == 8


def test_our_own_shortage_costs_neither_an_attempt_nor_the_endpoint_anything(subscription):
    for job in claim():
        note(failed(job, free=True, ours=True))
    assert not EndpointHealth.objects.exists()
    assert {(row.attempts, row.round_began_after) for row in Delivery.objects.all()} == {(1, 1)}
