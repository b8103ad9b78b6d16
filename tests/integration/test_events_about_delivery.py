"""Programs that ask for it are told what became of webhooks: failing, recovered, disabled, given up. No event about
delivery causes another one."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator

from subscriptions.api.events import EventTypeSerializer
from subscriptions.delivery import endpoint_health
from subscriptions.endpoints import delivery_news, endpoint_changes, operations
from subscriptions.events import catalogue
from subscriptions.events.payload_schemas import build_schema
from subscriptions.maintenance import integrity_check
from subscriptions.models import (
    Delivery,
    EndpointNews,
    Event,
    GivenUpDelivery,
    ServiceOutage,
    Subscription,
)
from subscriptions.worker import tasks
from tests.support.alerts import fails, is_well
from tests.support.claims import claim, delivered, failed, finish
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ABOUT = ["endpoint.failing", "endpoint.recovered", "endpoint.disabled", "delivery.given_up"]


@pytest.fixture
def crm() -> Subscription:
    return make_subscription(make_company())


@pytest.fixture
def monitor(crm: Subscription, receiver: Receiver) -> Subscription:
    return make_subscription(crm.company, url=receiver.url, events=ABOUT, name="Monitor")


def told() -> list[str]:
    return list(Event.objects.filter(type__contains=".").order_by("id").values_list("type", flat=True))


def give_up(subscription: Subscription) -> Delivery:
    """A webhook of it is tried for the last time."""
    make_call(subscription.company)
    jobs = [job for job in claim() if job.endpoint == subscription.pk]
    for job in jobs:
        gone = failed(job)
        gone.state, gone.reason = "failed", "We stopped trying after 10 attempts. The server answered 500."
        finish(gone)
    return Delivery.objects.get(pk=jobs[0].id)


def test_failing_recovered_and_disabled_arrive_signed_and_once(crm, monitor, receiver: Receiver):
    fails(crm)
    assert endpoint_changes.tell() == 1
    assert endpoint_changes.tell() == 0
    is_well(crm)
    assert endpoint_changes.tell() == 1
    endpoint_health.disable([crm.pk], "The server answered 410 Gone: it wants no more webhooks.")
    assert endpoint_changes.tell() == 1
    assert endpoint_changes.tell() == 0
    drain_until(nothing_pending)
    assert sorted(got.headers["Callhooks-Event"] for got in receiver.got) == sorted(ABOUT[:3])
    by_type = {got.headers["Callhooks-Event"]: got for got in receiver.got}
    assert [by_type[name].headers["Callhooks-Sequence"] for name in ABOUT[:3]] == ["1", "2", "3"]
    body = json.loads(by_type["endpoint.failing"].body)
    assert (body["type"], body["subscription"]) == ("endpoint.failing", crm.resource_id)
    assert body["reason"] == "The server answered 500."
    assert body["link"].endswith(f"/subscriptions/subscription/{crm.pk}/change/")
    assert list(body) == list(build_schema(catalogue.get("endpoint.failing").serializer)["properties"])
    assert by_type["endpoint.failing"].headers["webhook-signature"].startswith("v1,")
    assert json.loads(by_type["endpoint.disabled"].body)["reason"].startswith("The server answered 410")
    assert integrity_check.is_sound(integrity_check.check_integrity(seconds=None))


def test_a_webhook_that_is_given_up_is_told_with_what_it_was(crm, monitor, receiver: Receiver):
    delivery = give_up(crm)
    assert GivenUpDelivery.objects.count() == 1
    tasks.run_housekeeping()
    assert GivenUpDelivery.objects.count() == 0
    drain_until(nothing_pending)
    (got,) = receiver.got
    assert got.headers["Callhooks-Event"] == "delivery.given_up"
    body = json.loads(got.body)
    assert (body["delivery"], body["event_type"]) == (delivery.pk, "pre_call")
    assert (body["event_id"], body["status_code"]) == (delivery.event.webhook_id, 500)
    assert body["reason"].startswith("We stopped trying after 10 attempts.")


def test_where_nobody_asks_nothing_is_written(crm):
    give_up(crm)
    fails(crm)
    assert endpoint_changes.tell() == 0
    assert GivenUpDelivery.objects.count() == EndpointNews.objects.count() == len(told()) == 0


def test_what_becomes_of_an_event_about_delivery_is_told_to_nobody(crm, monitor):
    other = make_subscription(crm.company, events=["pre_call", *ABOUT], name="Both")
    fails(crm)
    endpoint_changes.tell()
    jobs = claim()
    assert {job.event_type for job in jobs} == {"endpoint.failing"}
    assert {job.endpoint for job in jobs} == {monitor.pk, other.pk}
    for job in jobs:
        gone = failed(job)
        gone.state, gone.reason = "failed", "We stopped trying."
        finish(gone)
    assert GivenUpDelivery.objects.count() == 0
    fails(monitor)  # which gets nothing else: its failures tell of nothing but these events
    endpoint_changes.tell()
    assert told() == ["endpoint.failing"]


def test_no_subscription_is_told_about_itself(crm, monitor):
    both = make_subscription(crm.company, events=["pre_call", *ABOUT], name="Both")
    fails(both)
    endpoint_changes.tell()
    event = Event.objects.get()
    assert event.subject_id == both.resource_id
    assert [delivery.subscription_id for delivery in event.deliveries.all()] == [monitor.pk]


def test_a_filter_of_calls_keeps_no_event_about_delivery_back(crm, monitor):
    Subscription.objects.filter(pk=monitor.pk).update(conditions={"not": {"field": "tracker", "in": ["x"]}})
    fails(crm)
    endpoint_changes.tell()
    assert Delivery.objects.get().state == "pending"


def test_all_events_of_a_subscription_that_was_there_do_not_include_them(crm, monitor):
    every = make_subscription(crm.company, name="Every")
    assert not any("." in name for name in every.events)
    fails(crm)
    endpoint_changes.tell()
    assert every.pk != Delivery.objects.get().subscription_id


def test_a_paused_subscription_is_neither_failing_nor_recovered(crm, monitor):
    fails(crm)
    endpoint_changes.tell()
    operations.pause(crm)
    assert endpoint_changes.tell() == 0
    operations.resume(crm, send_held=False)
    assert endpoint_changes.tell() == 0  # nothing has arrived yet
    is_well(crm)
    assert endpoint_changes.tell() == 1
    assert told() == ["endpoint.failing", "endpoint.recovered"]


def test_a_failing_that_comes_and_goes_is_told_a_few_times_and_then_in_one_message(crm, monitor):
    for _ in range(10):
        fails(crm)
        endpoint_changes.tell()
        is_well(crm)
        endpoint_changes.tell()
    assert told() == ["endpoint.failing", "endpoint.recovered"] * 2
    EndpointNews.objects.update(
        tell_at=timezone.now() - timedelta(seconds=1), changed_at=timezone.now() - timedelta(hours=1)
    )
    assert endpoint_changes.tell() == 1
    newest = Event.objects.order_by("-id")[0]
    assert (newest.type, json.loads(bytes(newest.body))["times_failed"]) == ("endpoint.recovered", 8)
    assert endpoint_changes.tell() == 0


def test_several_sweeps_at_once_tell_it_once(crm, monitor):
    fails(crm)

    at_once([endpoint_changes.tell] * 4)
    assert told() == ["endpoint.failing"]


def test_an_outage_of_our_own_is_nobodys_failure(crm, monitor):
    fails(crm)
    ServiceOutage.objects.create(
        ongoing=True, began_at=timezone.now(), noticed_at=timezone.now(), hosts=3, companies=3, errors="timeout"
    )
    assert endpoint_changes.tell() == 0
    assert told() == []


def test_given_up_ones_are_taken_by_one_drain_only(crm, monitor):
    give_up(crm)
    give_up(crm)
    assert delivery_news.publish_given_up() == 2
    assert delivery_news.publish_given_up() == 0
    assert told() == ["delivery.given_up"] * 2
    assert [event.sequence for event in Event.objects.filter(type="delivery.given_up").order_by("id")] == [1, 2]


def test_the_examples_of_the_documentation_are_what_is_sent(crm):
    text = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text()
    examples = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", text, re.S | re.M)]
    told_of = [one for one in examples if "." in str(one.get("type"))]
    assert [one["type"] for one in told_of] == ["endpoint.failing", "delivery.given_up", "manifest.ready"]
    for one in told_of:
        schema = build_schema(catalogue.get(one["type"]).serializer)
        Draft202012Validator(schema).validate(one)
        assert list(one) == list(schema["properties"])
    assert all(f"| `{name}` |" in text for name in ABOUT)


@pytest.mark.parametrize("name", ABOUT)
def test_the_api_knows_their_schema_and_an_example(name, crm):
    shown = EventTypeSerializer(catalogue.get(name), context={"company": crm.company}).data
    assert list(shown["example"]) == list(shown["schema"]["properties"])
    assert shown["example"]["type"] == name


def test_an_answer_that_is_good_tells_nothing(crm, monitor):
    make_call(crm.company)
    for job in claim():
        finish(delivered(job))
    assert endpoint_changes.tell() == 0
    assert told() == []
