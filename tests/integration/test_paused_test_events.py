"""A paused or switched off subscription can be tested: the test reaches it, and nothing else does."""

from __future__ import annotations

from uuid import uuid4

import pytest

from subscriptions.delivery import endpoint_health, outbox
from subscriptions.endpoints import operations
from subscriptions.endpoints.test_events import send_test
from subscriptions.models import Attempt, Delivery, Subscription
from tests.support.api import program
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paused(receiver: Receiver) -> Subscription:
    subscription = make_subscription(make_company(), url=receiver.url, events=["pre_call"])
    operations.pause(subscription)
    make_call(subscription.company)
    return subscription


def states() -> dict[bool, str]:
    return dict(Delivery.objects.values_list("event__test", "state"))


def test_the_test_arrives_and_what_is_held_stays_held(paused, receiver: Receiver):
    send_test(paused, "post_call")
    while outbox.hold():
        pass
    drain_until(nothing_pending)
    assert [got.headers["Callhooks-Event"] for got in receiver.got] == ["post_call"]
    assert states() == {True: "delivered", False: "held"}
    paused.refresh_from_db()
    assert paused.state == "paused"


def test_one_that_fails_is_not_tried_again(paused, receiver: Receiver):
    receiver.answer = lambda got: (500, {}, b"")
    delivery = send_test(paused, "post_call")
    drain_until(nothing_pending)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("failed", "The server answered 500.")
    operations.resume(paused, send_held=False)
    assert Attempt.objects.count() == 1


def test_it_reaches_one_that_was_switched_off_by_the_api(paused, receiver: Receiver):
    operations.resume(paused, send_held=False)
    endpoint_health.disable([paused.pk], "The server answered 410 Gone.")
    api = program(paused.company)
    answer = api.post(f"/api/v1/subscriptions/{paused.resource_id}/test/", {"event": "pre_call"})
    assert answer.status_code == 202
    drain_until(nothing_pending)
    assert len(receiver.got) == 1


def test_one_that_a_drain_did_not_get_to_goes_back_to_its_own_stage(paused):
    send_test(paused, "post_call")
    outbox.hand_back(outbox.claim_paused_tests(token=uuid4(), lease=60.0))
    assert len(outbox.claim_paused_tests(token=uuid4(), lease=60.0)) == 1
    assert outbox.claim_paused_tests(token=uuid4(), lease=60.0) == []


def test_the_test_of_one_that_is_removed_meanwhile_is_not_sent(paused):
    send_test(paused, "post_call")
    operations.archive(paused)
    assert outbox.claim_paused_tests(token=uuid4(), lease=60.0) == []
    assert states() == {True: "cancelled", False: "cancelled"}
