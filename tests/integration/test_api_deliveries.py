"""The log: events, deliveries and attempts, and sending again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.models import Attempt, Delivery, Event
from tests.support.api import ago, program, wrong
from tests.support.factories import make_company, make_subscription, make_text, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def subscription(company):
    return make_subscription(company)


@pytest.fixture
def delivery(company, subscription):
    make_text(company, content="Hällo\n")
    return Delivery.objects.get()


@pytest.fixture
def api(company):
    return program(company, ["read", "manage"])


def at(delivery, verb=""):
    return f"/api/v1/deliveries/{delivery.pk}/{verb}"


def failed(delivery, **fields):
    Delivery.objects.filter(pk=delivery.pk).update(
        state="failed", due_at=None, attempts=1, finished_at=timezone.now(), reason="It failed.", **fields
    )


def test_an_event_shows_its_body_as_it_was_sent(api, delivery):
    event = Event.objects.get()
    shown = api.get(f"/api/v1/events/{event.webhook_id}/").json()
    assert shown["id"] == event.webhook_id
    assert (shown["type"], shown["subject"], shown["sequence"]) == ("text_message_received", event.subject_id, 1)
    assert shown["body"]["content"] == "Hällo\n"
    (listed,) = api.get(f"/api/v1/events/?type=text_message_received&subject={event.subject_id}").json()["results"]
    assert shown["bodies"] == {"article": shown["body"]}
    assert listed == {name: value for name, value in shown.items() if name not in ("body", "bodies")}
    assert api.get("/api/v1/events/?type=pre_call").json()["results"] == []


def test_a_delivery_shows_each_attempt(api, delivery):
    Attempt.objects.create(
        delivery=delivery, number=1, outcome="failed", started_at=timezone.now(), duration_ms=12, status_code=500,
        url="http://127.0.0.1:9/hooks", request_headers=[["webhook-id", "evt_1"]],
        response_headers=[["Server", "x"]], response_body=b"caf\xe9 \x00 \xff", response_truncated=True,
        error="", message="The server answered 500.",
    )  # fmt: skip
    shown = api.get(at(delivery)).json()
    assert shown["id"] == delivery.pk
    assert (shown["event"], shown["subject"]) == ("text_message_received", delivery.event.subject_id)
    assert (shown["event_id"], shown["subscription"]) == (delivery.event.webhook_id, delivery.subscription.resource_id)
    (attempt,) = shown["attempts"]
    assert attempt["response_body"] == "caf\ufffd \x00 \ufffd"
    assert attempt["request_headers"] == [["webhook-id", "evt_1"]]
    assert (attempt["number"], attempt["status_code"], attempt["response_truncated"]) == (1, 500, True)


def test_deliveries_are_found_by_their_fields(api, company, delivery, subscription):
    other = make_subscription(company, name="Other", events=["text_message_sent"])
    make_text(company, direction="outbound")
    failed(delivery)
    subject = delivery.event.subject_id
    for query in ("state=failed", "event=text_message_received", f"subject={subject}",
                  f"subscription={subscription.resource_id}&state=failed"):  # fmt: skip
        assert [each["id"] for each in api.get(f"/api/v1/deliveries/?{query}").json()["results"]] == [delivery.pk], (
            query
        )
    found = api.get(f"/api/v1/deliveries/?subscription={other.resource_id}").json()["results"]
    assert [each["event"] for each in found] == ["text_message_sent"]
    an_hour = {"hours": 1}
    for query, number in (("created_after", 3), ("created_before", 0)):
        found = api.get("/api/v1/deliveries/", {query: ago(**an_hour)}).json()["results"]
        assert len(found) == number
    for bad in ("state=lost", "created_after=yesterday", "created_after=2026-01-31T09:00:00"):
        assert wrong(api.get(f"/api/v1/deliveries/?{bad}")).keys() == {bad.partition("=")[0]}


def test_sent_again_it_is_on_its_way_with_the_same_event(api, delivery):
    failed(delivery)
    response = api.post(at(delivery, "resend/"))
    assert response.status_code == 202
    assert (response.json()["state"], response.json()["attempt_count"]) == ("pending", 1)
    again = Delivery.objects.get()
    assert again.event_id == delivery.event_id
    assert again.due_at - timezone.now() < timedelta(minutes=1)


def test_what_cannot_be_sent_again_says_why(api, delivery, subscription):
    answer = api.post(at(delivery, "resend/"))
    assert (answer.status_code, answer.json()["detail"].split(".")[0]) == (409, "This delivery is on its way already")
    failed(delivery)
    api.post(f"/api/v1/subscriptions/{subscription.resource_id}/pause/")
    answer = api.post(at(delivery, "resend/"))
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "The subscription is paused, so nothing is sent to it. Resume it first.",
    )
    assert Delivery.objects.get().state == "failed"


def test_what_waits_is_cancelled(api, delivery):
    assert api.post(at(delivery, "cancel/")).json()["state"] == "cancelled"
    again = api.post(at(delivery, "cancel/"))
    assert (again.status_code, again.json()["title"]) == (409, "Conflict")


def test_what_is_being_sent_is_not_cancelled(api, delivery):
    Delivery.objects.update(claim="018f0000-0000-7000-8000-000000000000")
    answer = api.post(at(delivery, "cancel/"))
    assert answer.status_code == 409
    assert "being sent" in answer.json()["detail"]
    assert Delivery.objects.get().state == "pending"


def test_the_log_is_read_only(api, delivery):
    for address in (at(delivery), f"/api/v1/events/{delivery.event.webhook_id}/"):
        assert [getattr(api, verb)(address, {}).status_code for verb in ("patch", "put", "delete")] == [405] * 3
    assert api.post("/api/v1/deliveries/", {}).status_code == 405


def test_a_cancel_leaves_the_other_deliveries_alone(api, company, delivery):
    make_text(company, make_tracker(company))
    api.post(at(delivery, "cancel/"))
    assert Delivery.objects.filter(state="pending").count() == 1
