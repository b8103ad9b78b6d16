"""429, 503 with Retry-After, and 410: what an endpoint can ask for by its answer."""

import pytest

from subscriptions.models import Attempt, Delivery, Subscription
from tests.support.drains import drain_until
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def subscription(receiver: Receiver) -> Subscription:
    return make_subscription(make_company(), url=receiver.url, events=["pre_call"])


def one_attempt() -> Delivery:
    drain_until(lambda: Attempt.objects.exists())
    return Delivery.objects.earliest("pk")


def test_410_disables_the_subscription_and_holds_what_waits(subscription, receiver: Receiver):
    receiver.answer = lambda got: (410, {}, b"")
    make_call(subscription.company)
    delivery = one_attempt()
    assert (delivery.state, delivery.reason) == ("failed", "The server answered 410 Gone: it wants no more.")
    subscription.refresh_from_db()
    assert subscription.state == "disabled"
    assert "410 Gone" in subscription.state_reason
    make_call(subscription.company)
    assert Delivery.objects.latest("pk").state == "held"


def test_a_429_costs_no_attempt(subscription, receiver: Receiver):
    receiver.answer = lambda got: (429, {"Retry-After": "40"}, b"")
    make_call(subscription.company)
    delivery = one_attempt()
    assert (delivery.attempts, delivery.round_began_after, delivery.state) == (1, 1, "pending")


def test_retry_after_is_obeyed(subscription, receiver: Receiver):
    receiver.answer = lambda got: (503, {"Retry-After": "4000"}, b"")
    make_call(subscription.company)
    delivery = one_attempt()
    attempt = Attempt.objects.get()
    assert delivery.due_at is not None
    assert 3990 < (delivery.due_at - attempt.started_at).total_seconds() < 4030
