"""Subscriptions managed by a program."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from subscriptions.events import catalogue
from subscriptions.models import AuditEntry, Delivery, Subscription
from tests.support.api import program, wrong
from tests.support.factories import make_company, make_subscription, make_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def api(company):
    return program(company, ["read", "manage"])


def at(subscription, verb=""):
    return f"/api/v1/subscriptions/{subscription.resource_id}/{verb}"


def test_the_secret_is_shown_when_it_is_made_and_on_request_alone(api):
    body = {"name": "CRM", "url": "HTTPS://Example.com/hooks?a=b#c", "events": ["post_call", "pre_call", "post_call"]}
    response = api.post("/api/v1/subscriptions/", body)
    assert response.status_code == 201
    made = response.json()
    assert (made["url"], made["events"]) == ("https://example.com/hooks?a=b", ["pre_call", "post_call"])
    assert made["state"] == "active"
    assert made["secret"] == Subscription.objects.get().secret
    shown = api.get(response["Location"]).json()
    assert "secret" not in shown
    assert "whsec_" not in api.get("/api/v1/subscriptions/").content.decode()
    secret = api.post(response["Location"] + "secret/").json()
    assert secret == {"secret": made["secret"], "previous_secret": None, "previous_secret_until": None}


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"url": "ftp://example.com"}, "#/url"),
        ({"url": "http://169.254.169.254/latest"}, "#/url"),
        ({"url": f"{settings.PUBLIC_URL}/api"}, "#/url"),
        ({"url": " https://example.com"}, "#/url"),
        ({"url": ""}, "#/url"),
        ({"url": 5}, "#/url"),
        ({"url": "https://example.com/" + "x" * 3000}, "#/url"),
        ({"events": []}, "#/events"),
        ({"events": ["post_call", "phone_call"]}, "#/events"),
        ({"events": "post_call"}, "#/events"),
        ({"events": [["post_call"]]}, "#/events/0"),
        ({"name": ""}, "#/name"),
        ({"name": "x" * 101}, "#/name"),
        ({"state": "paused"}, "#/state"),
        ({"secret": "whsec_x"}, "#/secret"),
        ({"ordered": "yes"}, "#/ordered"),
        ({"rate_per_minute": 0}, "#/rate_per_minute"),
    ],
)
def test_what_cannot_be_sent_to_is_refused(api, company, fields, place):
    body = {"name": "CRM", "url": "https://example.com/hooks", "events": ["post_call"]}
    assert wrong(api.post("/api/v1/subscriptions/", body | fields)).keys() == {place}
    assert not Subscription.objects.exists()
    subscription = make_subscription(company)
    assert wrong(api.patch(at(subscription), fields)).keys() == {place}
    assert Subscription.objects.get().url == subscription.url


def test_it_is_changed(api, company):
    subscription = make_subscription(company)
    shown = api.patch(at(subscription), {"events": ["post_call"], "name": "New", "rate_per_minute": 60}).json()
    assert (shown["name"], shown["events"], shown["url"]) == ("New", ["post_call"], subscription.url)
    assert (shown["ordered"], shown["rate_per_minute"]) == (False, 60)
    secret = subscription.secret
    subscription.refresh_from_db()
    assert (subscription.name, subscription.events, subscription.secret) == ("New", ["post_call"], secret)


def test_removed_it_is_gone_but_its_log_stays(api, company):
    subscription = make_subscription(company)
    make_text(company)
    assert api.delete(at(subscription)).status_code == 204
    assert Subscription.objects.get().state == Subscription.State.ARCHIVED
    assert Delivery.objects.get().state == Delivery.State.CANCELLED
    assert api.get("/api/v1/subscriptions/").json()["results"] == []
    for answer in (api.get(at(subscription)), api.delete(at(subscription)), api.post(at(subscription, "resume/"), {})):
        assert answer.status_code == 404
    assert api.get("/api/v1/deliveries/").json()["results"][0]["subscription"] == subscription.resource_id


@pytest.mark.parametrize(
    ("body", "state"), [({}, "pending"), ({"held": "send"}, "pending"), ({"held": "drop"}, "cancelled")]
)
def test_paused_it_holds_and_resumed_it_sends_or_drops(api, company, body, state):
    subscription = make_subscription(company)
    assert api.post(at(subscription, "pause/")).json()["state"] == "paused"
    make_text(company)
    assert Delivery.objects.get().state == Delivery.State.HELD
    shown = api.post(at(subscription, "resume/"), body).json()
    assert (shown["state"], shown["deliveries"]) == ("active", 1)
    assert Delivery.objects.get().state == state


def test_a_resume_says_what_it_means(api, company):
    subscription = make_subscription(company, state="paused")
    assert wrong(api.post(at(subscription, "resume/"), {"held": "keep"})).keys() == {"#/held"}
    assert wrong(api.post(at(subscription, "pause/"), {"for": 3})).keys() == {"#/for"}
    assert Subscription.objects.get().state == "paused"


@pytest.mark.parametrize(("body", "hours"), [({}, 24), ({"overlap_hours": 2}, 2), ({"overlap_hours": 168}, 168)])
def test_rotated_the_old_secret_signs_until_the_overlap_ends(api, company, body, hours):
    subscription = make_subscription(company)
    answer = api.post(at(subscription, "rotate/"), body).json()
    assert answer["previous_secret"] == subscription.secret != answer["secret"]
    assert answer["secret"].startswith("whsec_")
    until = Subscription.objects.get().previous_secret_until
    assert abs(until - timezone.now() - timedelta(hours=hours)) < timedelta(minutes=1)
    secret = api.post(at(subscription, "secret/")).json()
    assert secret == {name: answer[name] for name in secret}
    Subscription.objects.update(previous_secret_until=timezone.now())
    assert api.post(at(subscription, "secret/")).json()["previous_secret"] is None


def test_rotated_without_overlap_the_old_secret_is_gone(api, company):
    subscription = make_subscription(company)
    assert api.post(at(subscription, "rotate/"), {"overlap_hours": 0}).json()["previous_secret"] is None
    for hours in (-1, 169, "24", 1.5, None, True):
        assert wrong(api.post(at(subscription, "rotate/"), {"overlap_hours": hours})).keys() == {"#/overlap_hours"}


def test_what_can_happen_is_listed(api):
    types = api.get("/api/v1/event-types/").json()["results"]
    assert [each["name"] for each in types] == [event_type.name for event_type in catalogue.all_types()]
    assert all(each["label"] and each["fires"] for each in types)
    assert [each["name"] for each in types if "." in each["name"]] == [each["name"] for each in types[7:]]


def test_whoever_reads_a_secret_is_noted_and_the_secret_is_not(api, company, caplog):
    subscription = make_subscription(company)
    assert api.get(at(subscription, "secret/")).status_code == 405
    with caplog.at_level("INFO", logger="callhooks.audit"):
        api.post(at(subscription, "secret/"))
        api.post(at(subscription, "rotate/"))
    read, rotated = (record.getMessage() for record in caplog.records if record.name == "callhooks.audit")
    assert f"Viewed the signing secret: {subscription.resource_id}" in read
    assert f"Created a new signing secret: {subscription.resource_id}" in rotated
    assert "chk_" in read
    assert "whsec_" not in read + rotated
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.act for entry in entries] == ["Viewed the signing secret", "Created a new signing secret"]
    for entry in entries:
        assert (entry.company, entry.object_id, entry.user) == (company, str(subscription.pk), None)
        assert entry.api_key is not None
        assert entry.actor == f"API key {entry.api_key}"
        assert "whsec_" not in str(vars(entry))
