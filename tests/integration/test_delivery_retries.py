"""What fails is tried again, with the same body and id, until it arrives or is given up; each try is in the log."""

import pytest

from subscriptions.delivery.retry import most_attempts
from subscriptions.models import Attempt, Delivery
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver, running_receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _hurry(settings):
    settings.RETRY_TIME_SCALE = 0.0001


def test_a_failure_is_retried_until_it_arrives(receiver: Receiver):
    make_call(make_company_with(receiver.url))
    receiver.answer = lambda got: (503 if len(receiver.got) < 3 else 204, {}, b"")
    drain_until(nothing_pending)
    assert [got.headers["Callhooks-Attempt"] for got in receiver.got] == ["1", "2", "3"]
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len({got.body for got in receiver.got}) == 1
    assert list(Attempt.objects.values_list("number", "outcome", "status_code")) == [
        (1, "failed", 503),
        (2, "failed", 503),
        (3, "delivered", 204),
    ]


def test_the_body_is_the_one_of_the_event_even_when_the_call_has_changed(receiver: Receiver):
    call = make_call(make_company_with(receiver.url), customer_name="Before")
    call.customer_name = "After"
    call.save()
    drain_until(nothing_pending)
    assert all(b'"customer_name":"Before"' in got.body for got in receiver.got)


@pytest.mark.parametrize("policy", ["standard", "quick"])
def test_it_is_given_up_after_the_schedule(receiver: Receiver, settings, policy):
    settings.RETRY_TIME_SCALE = 0.0000001
    make_call(make_company_with(receiver.url, retry_policy=policy))
    receiver.answer = lambda got: (500, {}, b"broken")
    drain_until(nothing_pending)
    delivery = Delivery.objects.get()
    most = most_attempts(policy)
    assert (delivery.state, delivery.attempts) == ("failed", most)
    assert delivery.reason.startswith(f"We stopped trying after {most} attempts.")
    assert len(receiver.got) == most


def test_a_refusal_is_the_end_where_the_subscription_says_so(receiver: Receiver):
    make_call(make_company_with(receiver.url, retry_refusals=False))
    answers = iter([503, 408, 422])
    receiver.answer = lambda got: (next(answers), {}, b"")
    drain_until(nothing_pending)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.status_code) == ("failed", 3, 422)
    assert delivery.reason == "The server answered 422. This subscription is not tried again after a refusal (4xx)."


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404])
def test_anything_but_2xx_is_a_failure_and_redirects_are_not_followed(receiver: Receiver, status: int):
    make_call(make_company_with(receiver.url))
    receiver.answer = lambda got: (status, {"Location": receiver.url + "/elsewhere"}, b"")
    drain_until(lambda: Attempt.objects.filter(outcome="failed").exists())
    assert {got.path for got in receiver.got} == {"/hooks"}


def test_nobody_listening_is_told_in_words():
    with running_receiver() as gone:
        url = gone.url
    make_call(make_company_with(url))
    drain_until(lambda: Attempt.objects.exists())
    attempt = Attempt.objects.first()
    assert attempt is not None
    assert attempt.error == "connection_refused"
    assert attempt.message


def make_company_with(url: str, **asked):
    company = make_company()
    make_subscription(company, url=url, events=["pre_call"], **asked)
    return company
