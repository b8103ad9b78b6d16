"""A body is stored once for each payload version that some subscription wants, and a delivery keeps its version."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers

from callhooks_site.payload_versions import article, wire_2026_05
from calls.models import Call, Tag
from subscriptions.endpoints import operations
from subscriptions.endpoints.test_events import send_test
from subscriptions.events import versions
from subscriptions.events.payload_fields import Payload, TextValue
from subscriptions.events.stored_bodies import read_bodies, read_sent
from subscriptions.maintenance.integrity_check import check_integrity, is_sound
from subscriptions.models import Delivery, Event, EventBody, Subscription
from tests.support.events import events_of, types_of
from tests.support.factories import ended_call, make_company, make_form, make_subscription, make_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
WIRE = "2026-05"


def versions_of(event: Event) -> dict[str, str]:
    """Subscription → the version of its delivery."""
    return dict(event.deliveries.values_list("subscription__name", "payload_version"))


def test_one_body_for_each_version_however_many_subscribed():
    company = make_company()
    for number in range(3):
        make_subscription(company, payload_version=WIRE, name=f"wire {number}")
    make_subscription(company, name="article")
    text = make_text(company)
    (event,) = events_of(text)
    assert list(read_bodies(event)) == ["article", WIRE]
    assert EventBody.objects.count() == 1
    assert versions_of(event) == {"wire 0": WIRE, "wire 1": WIRE, "wire 2": WIRE, "article": "article"}
    for delivery in event.deliveries.all():
        assert ("agent" in json.loads(read_sent(delivery))) == (delivery.payload_version == "article")
    assert is_sound(check_integrity(seconds=None))


def test_what_nobody_wants_costs_nothing():
    company = make_company()
    make_subscription(company)
    make_subscription(company, payload_version=WIRE, events=["form_submission"])
    make_subscription(company, payload_version=WIRE, state=Subscription.State.ARCHIVED)
    make_subscription(make_company("Another"), payload_version=WIRE)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        make_text(company)
    assert not EventBody.objects.exists()
    assert not [query for query in queries if "eventbody" in query["sql"]]


def test_a_missing_body_is_found():
    company = make_company()
    make_subscription(company, payload_version=WIRE)
    make_text(company)
    EventBody.objects.all().delete()
    found = {finding.name: finding.count for finding in check_integrity(seconds=None)}
    assert found["bodies_missing"] == 1


def test_a_switch_is_for_new_events_and_a_resend_keeps_the_version():
    company = make_company()
    subscription = make_subscription(company)
    old = make_text(company)
    subscription.payload_version = WIRE
    subscription.save()
    new = make_text(company)
    deliveries = [events_of(text)[0].deliveries.get() for text in (old, new)]
    assert [delivery.payload_version for delivery in deliveries] == ["article", WIRE]
    before = [read_sent(delivery) for delivery in deliveries]
    Delivery.objects.update(state="delivered", due_at=None, stage=0)
    subscription.payload_version = "article"
    subscription.save()
    assert operations.resend(Delivery.objects.all()) == 2
    for delivery, body in zip(deliveries, before, strict=True):
        delivery.refresh_from_db()
        assert (delivery.state, read_sent(delivery)) == ("pending", body)


def test_all_changes_of_one_transaction_are_one_event_in_both_versions():
    company = make_company()
    make_subscription(company, name="article")
    make_subscription(company, payload_version=WIRE, name="wire")
    call = ended_call(company)
    with transaction.atomic():
        call.note = "one"
        call.save()
        call.note = "two"
        call.save()
        call.tags.add(Tag.objects.create(company=company, name="Roof"))
    event = events_of(call)[-1]
    assert types_of(call) == ["post_call", "call_modified"]
    assert versions_of(event) == {"article": "article", "wire": WIRE}
    bodies = {name: json.loads(body) for name, body in read_bodies(event).items()}
    assert {name: body["note"] for name, body in bodies.items()} == {"article": "two", WIRE: "two"}
    assert bodies["article"]["changes"] == ["tags", "note"]
    assert bodies[WIRE]["changes"] == ["tag", "tags", "note"]
    assert is_sound(check_integrity(seconds=None))


class TestASummary:
    """It is a watched field of 2026-05 and of no other version."""

    @pytest.fixture
    def call(self) -> Call:
        company = make_company()
        make_subscription(company, name="article")
        make_subscription(company, payload_version=WIRE, name="wire")
        return ended_call(company)

    def test_alone_is_told_in_that_version_only(self, call):
        call.call_summary = "A leak."
        call.save()
        event = events_of(call)[-1]
        assert event.type == "call_modified"
        assert versions_of(event) == {"wire": WIRE}
        ((version, body),) = read_bodies(event).items()
        assert (version, json.loads(body)["changes"]) == (WIRE, ["call_summary"])
        assert is_sound(check_integrity(seconds=None))

    def test_and_something_else_is_told_in_both(self, call):
        with transaction.atomic():
            call.call_summary = "A leak."
            call.save()
            call.note = "Call back."
            call.save()
        event = events_of(call)[-1]
        assert versions_of(event) == {"article": "article", "wire": WIRE}
        assert [json.loads(body)["changes"] for body in read_bodies(event).values()] == [
            ["note"],
            ["note", "call_summary"],
        ]
        with transaction.atomic():  # undone before the commit: only the summary is left
            call.note = "Not this."
            call.save()
            call.call_summary = ""
            call.save()
            call.note = "Call back."
            call.save()
        assert versions_of(events_of(call)[-1]) == {"wire": WIRE}
        assert is_sound(check_integrity(seconds=None))

    def test_calls_from_before_it_was_watched_change_nothing(self, call):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE subscriptions_eventstream SET watched = watched - 'call_summary'")
        call.customer_name = "Ann"
        call.save()
        assert types_of(call) == ["post_call"]


def test_a_test_event_is_in_the_subscription_s_version():
    subscription = make_subscription(make_company(), payload_version=WIRE)
    delivery = send_test(subscription, "form_submission")
    assert delivery.payload_version == WIRE
    assert "timeline_url" in json.loads(read_sent(delivery))
    assert is_sound(check_integrity(seconds=None))


def test_a_deleted_event_takes_its_bodies_along():
    company = make_company()
    make_subscription(company, payload_version=WIRE)
    make_text(company)
    Delivery.objects.all().delete()
    Event.objects.all().delete()
    assert not EventBody.objects.exists()


# --- a third version: one module, one line ----------------------------------------------------------------------------
class _ShortForm(Payload):
    keys = ("resource_id",)
    resource_id = TextValue(lambda form: form.resource_id)


THIRD = versions.PayloadVersion("2031-01", "2031-01", "Made up.", {"form_submission": _ShortForm})


@pytest.fixture
def third_version(monkeypatch):
    monkeypatch.setattr(versions, "_versions", {})
    versions.register([article.VERSION, wire_2026_05.VERSION, THIRD])


@pytest.mark.usefixtures("third_version")
def test_a_third_version():
    company = make_company()
    subscription = make_subscription(company, "https://example.com/hooks", payload_version="2031-01")
    subscription.full_clean()
    form = make_form(company)
    bodies = read_bodies(events_of(form)[0])
    assert list(bodies) == ["article", "2031-01"]
    assert json.loads(bodies["2031-01"]) == {"resource_id": form.resource_id}
    # What it does not describe is as the event types declare it.
    call = ended_call(company)
    bodies = read_bodies(events_of(call)[-1])
    assert bodies["2031-01"] == bodies["article"]


def test_names_of_versions_are_short():
    with pytest.raises(ValueError, match="at most 10 characters"):
        versions.register([replace(THIRD, name="a name too long")])


def test_every_version_has_bodies_of_known_types_only():
    from subscriptions.events import catalogue

    known = {event_type.name for event_type in catalogue.all_types()}
    for version in versions.all_versions():
        assert set(version.payloads) <= known
        assert all(issubclass(payload, serializers.BaseSerializer) for payload in version.payloads.values())
