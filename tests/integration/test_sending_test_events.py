"""A test event goes the way of all events, to one subscription alone, and says in the log that it is one."""

from __future__ import annotations

import json

import pytest

from subscriptions.endpoints import operations
from subscriptions.endpoints.test_events import send_test
from subscriptions.events import catalogue
from subscriptions.lib.errors import ActionRefused
from subscriptions.maintenance import integrity_check
from subscriptions.models import AuditEntry, Delivery, Event, Subscription
from tests.support.api import program, wrong
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_company, make_subscription
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def subscription(receiver: Receiver) -> Subscription:
    return make_subscription(make_company(), url=receiver.url, events=["pre_call"])


@pytest.mark.sample(every=4)
@pytest.mark.parametrize("name", [each.name for each in catalogue.all_types()])
def test_every_type_can_be_sent(name, subscription, receiver: Receiver):
    make_subscription(subscription.company, url=receiver.url, events=[name])
    send_test(subscription, name)
    drain_until(nothing_pending)
    (got,) = receiver.got
    assert got.headers["Callhooks-Event"] == name
    assert got.headers["webhook-signature"].startswith("v1,")
    body = json.loads(got.body)
    assert body["company_resource_id" if "company_resource_id" in body else "company_id"]
    assert ("changes" in body) == (name == "call_modified")
    assert Event.objects.get().test
    assert integrity_check.is_sound(integrity_check.check_integrity(seconds=None))


def test_by_the_api_it_tells_where_to_look(subscription, receiver: Receiver):
    api = program(subscription.company)
    answer = api.post(f"/api/v1/subscriptions/{subscription.resource_id}/test/", {"event": "post_call"})
    assert answer.status_code == 202
    drain_until(nothing_pending)
    delivery = api.get(f"/api/v1/deliveries/{answer.json()['id']}/").json()
    assert (delivery["state"], delivery["test"], delivery["event"]) == ("delivered", True, "post_call")
    assert AuditEntry.objects.get().detail == "post_call"


def test_it_can_be_resent_like_any_other(subscription, receiver: Receiver):
    send_test(subscription, "pre_call")
    drain_until(nothing_pending)
    operations.resend(Delivery.objects.all())
    drain_until(nothing_pending)
    assert receiver.got[0].body == receiver.got[1].body


def test_what_cannot_be_sent_is_told(subscription):
    api = program(subscription.company)
    url = f"/api/v1/subscriptions/{subscription.resource_id}/test/"
    assert "Unknown event" in wrong(api.post(url, {"event": "full_moon"}))["#/event"]
    assert Event.objects.count() == 0
    operations.archive(subscription)
    with pytest.raises(ActionRefused, match="Add a new subscription"):
        send_test(subscription, "pre_call")
    assert program(make_company("Other")).post(url, {"event": "pre_call"}).status_code == 404
