"""How many queries each page of the logs takes: a number, and the same with few rows as with many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from calls.models import Tag
from subscriptions.models import Attempt, Company, Delivery, ResendJob
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db

LISTS = (
    "subscriptions_delivery",
    "subscriptions_event",
    "subscriptions_resendjob",
    "calls_call",
    "messaging_textmessage",
    "messaging_thread",
    "forms_intake_formsubmission",
    "calls_person",
)

# Session, user, second factor, reach, what fails (for the menu); then the list: its count and its rows, the choices
# of its filters, tags; the names of people; what
# waits and what failed, for the tabs of the log;
# in the logs whom calls, texts and forms are about, one query for each of the three.
LIST_QUERIES = {
    "subscriptions_delivery": 13,
    "subscriptions_event": 10,
    "subscriptions_resendjob": 7,
    "calls_call": 10,
    "messaging_textmessage": 8,
    "messaging_thread": 7,
    "forms_intake_formsubmission": 7,
    "calls_person": 8,
}
# Across all companies, how far back the list looks is asked first.
OPERATORS_TOO = {"subscriptions_delivery": 12, "subscriptions_event": 11}
PAGE_QUERIES = {"delivery": 9, "event": 11, "call": 21}


def more(company: Company, number: int) -> None:
    tracker, subscription = factories.make_tracker(company), factories.make_subscription(company)
    for index in range(number):
        phone = f"+1214555{100 + index:04}"
        call = factories.ended_call(company, tracker, customer_phone_number=phone, start_time=timezone.now())
        call.tags.add(Tag.objects.get_or_create(company=company, name=f"Tag {index % 3}")[0])
        factories.make_text(company, tracker, customer_phone_number=phone)
        factories.make_form(company, form_data={"phone": phone})
        now = timezone.now()
        ResendJob.objects.create(
            company=company, subscription=subscription, since=now - timedelta(1), until=now, states=["failed"], total=9
        )
    for delivery in Delivery.objects.filter(company=company):
        Attempt.objects.get_or_create(
            delivery=delivery, number=1, defaults={"outcome": "failed", "started_at": timezone.now()}
        )


def queries(client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200, url
    return len(captured)


@pytest.fixture
def company():
    company = factories.make_company()
    more(company, 1)
    return company


@pytest.mark.sample(every=2)
@pytest.mark.parametrize("who", ["admin", "operator"])
def test_lists_take_as_many_queries_for_many_rows_as_for_one(company, who, django_user_model):
    user = (
        factories.make_member(company)
        if who == "admin"
        else django_user_model.objects.create_superuser("operator@example.com", password="x")
    )
    client = login(user)
    urls = {name: reverse(f"admin:{name}_changelist") for name in LISTS}
    for url in urls.values():
        client.get(url)  # content types and the like are read once
    few = {name: queries(client, url) for name, url in urls.items()}
    more(company, 12)
    many = {name: queries(client, url) for name, url in urls.items()}
    assert few == many
    assert many == (LIST_QUERIES if who == "admin" else LIST_QUERIES | OPERATORS_TOO)


def test_pages_take_as_many_queries_for_many_deliveries_as_for_one(company):
    client = login(factories.make_member(company))
    delivery = Delivery.objects.filter(company=company, event__type="post_call").order_by("pk")[0]
    call_id = delivery.event.subject_id
    urls = {
        "delivery": reverse("admin:subscriptions_delivery_change", args=[delivery.pk]),
        "event": reverse("admin:subscriptions_event_change", args=[delivery.event_id]),
        "call": client.get(reverse("admin:calls_call_timeline", args=[call_id])).headers["Location"],
    }
    for url in urls.values():
        client.get(url)
    few = {name: queries(client, url) for name, url in urls.items()}
    for number in range(2, 12):
        Attempt.objects.create(delivery=delivery, number=number, outcome="failed", started_at=timezone.now())
        subscription = factories.make_subscription(company, name=f"Number {number}")
        Delivery.objects.create(
            company=company, event_id=delivery.event_id, subscription=subscription, state="failed", attempts=1
        )
    many = {name: queries(client, url) for name, url in urls.items()}
    assert few == many
    assert many == PAGE_QUERIES
