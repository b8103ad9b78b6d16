"""Several events in one request: asked for in the admin and the API, refused for what cannot go together, and shown in
the log."""

from __future__ import annotations

import pytest
from django.urls import reverse

from subscriptions.delivery import batching
from subscriptions.models import Attempt, AuditEntry, Delivery, Subscription
from tests.support.admin import filled_in, login
from tests.support.api import program, wrong
from tests.support.claims import all_due, batches, delivered, finish
from tests.support.factories import make_call, make_company, make_member, make_subscription, make_tracker

pytestmark = pytest.mark.django_db(transaction=True)
NEW = {"name": "CRM", "url": "http://127.0.0.1:9999/a", "events": ["pre_call"]}


@pytest.fixture
def company():
    return make_company()


def sent_together(company, number, name="CRM"):
    make_subscription(company, events=["pre_call"], batch_events=number, name=name)
    tracker = make_tracker(company)
    for person in range(number):
        make_call(company, tracker, customer_phone_number=f"+1214555{130 + person:04}")
    all_due()
    for job in batches():
        finish(*delivered(job).of_each())
    return list(Delivery.objects.filter(subscription__name=name).order_by("pk"))


# --- API --------------------------------------------------------------------------------------------------------------
def test_the_api_takes_and_shows_it(company):
    client = program(company)
    made = client.post("/api/v1/subscriptions/", {**NEW, "batch_events": 50, "batch_seconds": 5}, format="json")
    assert made.status_code == 201, made.data
    address = f"/api/v1/subscriptions/{made.data['resource_id']}/"
    shown = client.get(address).data
    assert (shown["batch_events"], shown["batch_seconds"], shown["batch_lines"]) == (50, 5, False)
    changed = client.patch(address, {"batch_lines": True, "batch_events": None}, format="json").data
    assert (changed["batch_events"], changed["batch_lines"]) == (None, True)
    assert AuditEntry.objects.latest("pk").detail == "batch_lines, batch_events"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"batch_events": 1}, "less than 2"),
        ({"batch_events": 101}, "more than 100"),
        ({"batch_events": 10, "batch_seconds": 61}, "more than 60"),
        ({"batch_events": 10, "batch_seconds": None}, "null"),
        ({"batch_events": 10, "encoding": "form"}, "Form fields hold one event"),
        ({"batch_events": 10, "shape": {"format": "slack"}}, "A chat product takes one message"),
        ({"batch_events": 10, "shape": {"format": "cloudevents_binary"}}, "Choose structured"),
        ({"batch_events": 10, "batch_lines": True, "shape": {"format": "cloudevents"}}, "Switch off JSON Lines"),
    ],
)
def test_what_cannot_go_together_is_refused_when_added_and_when_changed(company, asked, words):
    client = program(company)
    assert words in str(wrong(client.post("/api/v1/subscriptions/", {**NEW, **asked}, format="json")))
    subscription = make_subscription(company)
    changed = client.patch(f"/api/v1/subscriptions/{subscription.resource_id}/", asked, format="json")
    assert words in str(wrong(changed))
    assert Subscription.objects.get().batch_events is None


def test_the_api_says_which_events_went_in_which_request(company):
    rows = sent_together(company, 3)
    client = program(company)
    (attempt,) = client.get(f"/api/v1/deliveries/{rows[0].pk}/").data["attempts"]
    assert attempt["batch"] == batching.webhook_id(Attempt.objects.first().batch)
    listed = client.get("/api/v1/deliveries/", {"batch": attempt["batch"]}).data["results"]
    assert {row["id"] for row in listed} == {row.pk for row in rows}
    other = program(make_company("Other"))
    assert other.get("/api/v1/deliveries/", {"batch": attempt["batch"]}).data["results"] == []
    assert "batch_ and 32 hex digits" in str(wrong(client.get("/api/v1/deliveries/", {"batch": "evt_1"})))


# --- admin ------------------------------------------------------------------------------------------------------------
def page_of(row):
    return reverse(f"admin:subscriptions_{row._meta.model_name}_change", args=[row.pk])


def test_it_is_saved_in_the_admin_and_audited(company):
    client = login(make_member(company))
    subscription = make_subscription(company, url="https://example.com/hooks")
    shown = client.get(page_of(subscription)).content.decode()
    assert "Several events in one request" in shown
    client.post(page_of(subscription), filled_in(shown) | {"batch_events": "20", "batch_seconds": ""})
    subscription.refresh_from_db()
    assert (subscription.batch_events, subscription.batch_seconds) == (20, 10)
    assert "events in one request" in AuditEntry.objects.latest("pk").detail.lower()


def test_a_format_for_one_event_is_refused_in_the_admin_on_both_pages(company):
    client = login(make_member(company))
    subscription = make_subscription(company, url="https://example.com/hooks", shape={"format": "slack"})
    form = filled_in(client.get(page_of(subscription)).content.decode())
    shown = client.post(page_of(subscription), form | {"batch_events": "20"}).content.decode()
    assert "A chat product takes one message in a request" in shown
    Subscription.objects.update(shape=None, batch_events=20)
    shape = reverse("admin:subscriptions_subscription_shape", args=[subscription.pk])
    shown = client.post(shape, {"format": "discord", "_save": "1"}).content.decode()
    assert "A chat product takes one message in a request" in shown
    assert Subscription.objects.get().shape is None


def test_a_delivery_shows_what_was_sent_with_it_and_its_own_body(company):
    rows = sent_together(company, 3)
    client = login(make_member(company))
    shown = client.get(page_of(rows[1])).content.decode()
    assert "Sent together with 2 others in one request" in shown
    for other in (rows[0], rows[2]):
        assert f'<a href="{page_of(other)}">Pre-Call: ' in shown
    assert f'<a href="{page_of(rows[1])}">Pre-Call: ' not in shown
    assert "curl" not in shown
    assert "Exactly as it stands in the request, as data" in shown
    batch = batching.webhook_id(Attempt.objects.first().batch)
    log = client.get(reverse("admin:subscriptions_delivery_changelist"), {"since": "all", "q": batch})
    assert {row.pk for row in log.context["cl"].result_list} == {row.pk for row in rows}


def test_another_company_finds_nothing_by_the_request(company):
    sent_together(company, 2)
    client = login(make_member(make_company("Other")))
    batch = batching.webhook_id(Attempt.objects.first().batch)
    log = client.get(reverse("admin:subscriptions_delivery_changelist"), {"since": "all", "q": batch})
    assert list(log.context["cl"].result_list) == []


def test_many_are_counted_and_the_log_has_them_all(company, django_assert_max_num_queries):
    rows = sent_together(company, 40)
    client = login(make_member(company))
    with django_assert_max_num_queries(20):
        shown = client.get(page_of(rows[0])).content.decode()
    assert "Sent together with 39 others" in shown
    assert shown.count("Pre-Call: ") == 12


def test_what_waits_for_others_says_until_when(company):
    make_subscription(company, events=["pre_call"], batch_events=5, batch_seconds=60)
    make_call(company)
    shown = login(make_member(company)).get(page_of(Delivery.objects.get())).content.decode()
    assert "It waits for others to go with it, until " in shown
