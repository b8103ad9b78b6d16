"""A saved call arrives at the subscriber, signed, and the log tells how."""

import json

import pytest
from standardwebhooks import Webhook

from calls.models import Call
from subscriptions.models import Attempt, Delivery, Event
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def delivered(receiver: Receiver) -> Call:
    company = make_company()
    make_subscription(company, url=receiver.url + "?token=a%2Fb")
    call = make_call(company, customer_name="Zoë Example")
    drain_until(nothing_pending)
    return call


def test_the_stored_bytes_arrive(delivered: Call, receiver: Receiver):
    (got,) = receiver.got
    assert got.body == bytes(Event.objects.get().body)
    assert json.loads(got.body)["customer_name"] == "Zoë Example"


def test_the_query_string_is_kept(delivered: Call, receiver: Receiver):
    assert receiver.got[0].path == "/hooks?token=a%2Fb"


def test_both_signatures_verify_with_an_independent_library(delivered: Call, receiver: Receiver):
    (got,) = receiver.got
    subscription = delivered.company.subscriptions.get()
    Webhook(subscription.secret).verify(got.body, got.headers)
    event = Event.objects.get()
    assert got.headers["webhook-id"] == event.webhook_id
    assert got.headers["Callhooks-Event"] == "pre_call"
    assert got.headers["Callhooks-Sequence"] == "1"
    assert got.headers["Callhooks-Attempt"] == "1"
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["User-Agent"].startswith("Callhooks/")


def test_the_log_holds_request_and_response(delivered: Call, receiver: Receiver):
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status_code, delivery.attempts) == ("delivered", 200, 1)
    assert delivery.finished_at is not None
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.outcome, attempt.status_code) == (1, "delivered", 200)
    assert bytes(attempt.response_body) == b"ok"
    assert dict(attempt.request_headers) == {
        name: value for name, value in receiver.got[0].headers.items() if name in dict(attempt.request_headers)
    }
    assert ["Content-Length", "2"] in attempt.response_headers
    assert attempt.duration_ms is not None


def test_only_subscribed_events_are_sent(receiver: Receiver):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["post_call"])
    make_call(company)
    assert Event.objects.count() == 1
    assert Delivery.objects.count() == 0


def test_another_company_hears_nothing(receiver: Receiver):
    make_subscription(make_company("Other"), url=receiver.url)
    make_call(make_company())
    assert Delivery.objects.count() == 0
