"""The payload version in the admin: both bodies side by side before one switches, for new events only, audited."""

from __future__ import annotations

import pytest
from django.urls import reverse

from subscriptions.admin.payload_versions import compare
from subscriptions.models import AuditEntry, Subscription
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
WIRE = "2026-05"


@pytest.fixture
def company():
    return factories.make_company("Acme")


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def page(subscription) -> str:
    return reverse("admin:subscriptions_subscription_payload_version", args=[subscription.pk])


def test_the_newest_event_is_shown_in_both_with_what_differs(client, company):
    subscription = factories.make_subscription(company, events=["text_message_sent"])
    factories.make_text(company, direction="outbound", content="The roof is done.")
    factories.make_form(company)  # newer, and not of this subscription
    shown = client.get(page(subscription)).content.decode()
    assert "Text Message Sent in both" in shown
    assert "The roof is done." in shown
    assert "<mark>new</mark>" in shown
    assert "<mark>gone</mark>" in shown
    assert "sent_at" in shown


def test_without_an_event_it_is_an_example(client, company):
    shown = client.get(page(factories.make_subscription(company, events=["post_call"]))).content.decode()
    assert "Invented data" in shown
    assert "call_summary" in shown


def test_a_switch_is_audited_and_can_be_undone(client, company):
    subscription = factories.make_subscription(company)
    for before, after in (("article", WIRE), (WIRE, "article")):
        assert client.get(page(subscription)).status_code == 200
        client.post(page(subscription), {"version": after})
        subscription.refresh_from_db()
        assert subscription.payload_version == after
        entry = AuditEntry.objects.latest("pk")
        assert (entry.act, entry.detail) == (f"Payload version {after} for new events", f"It was {before}.")


@pytest.mark.parametrize("version", ["article", "1999-01", ""])
def test_what_is_no_other_version_switches_nothing(client, company, version):
    subscription = factories.make_subscription(company)
    assert "Choose a version" in client.post(page(subscription), {"version": version}, follow=True).content.decode()
    subscription.refresh_from_db()
    assert subscription.payload_version == "article"


def test_a_viewer_may_not(company):
    subscription = factories.make_subscription(company)
    client = login(factories.make_member(company, "viewer"))
    assert client.post(page(subscription), {"version": WIRE}).status_code == 403


def test_a_new_subscription_chooses_version_encoding_and_calls(client, company):
    client.post(
        reverse("admin:subscriptions_subscription_add"),
        {
            "company": company.pk,
            "name": "CRM",
            "url": "http://127.0.0.1:9999/hooks",
            "events": ["post_call"],
            "payload_version": WIRE,
            "encoding": "form",
            "call_direction": "outbound",
        },
    )
    made = Subscription.objects.get()
    assert (made.payload_version, made.encoding, made.call_direction) == (WIRE, "form", "outbound")


def test_the_event_s_page_shows_every_stored_body_and_the_delivery_s_what_it_sends(client, company):
    subscription = factories.make_subscription(company, payload_version=WIRE, encoding="form")
    text = factories.make_text(company)
    delivery = subscription.deliveries.get()
    shown = client.get(reverse("admin:subscriptions_event_change", args=[delivery.event_id])).content.decode()
    assert "in version Article" in shown
    assert "in version 2026-05" in shown
    shown = client.get(reverse("admin:subscriptions_delivery_change", args=[delivery.pk])).content.decode()
    assert "Form fields in version 2026-05" in shown
    assert f"resource_id={text.resource_id}&amp;" in shown


def test_the_catalogue_has_both(client):
    shown = client.get(reverse("admin:event_type", args=["form_submission"])).content.decode()
    assert "<code>session_uuid</code>" in shown
    assert 'id="example-article"' in shown
    assert 'id="example-2026-05"' in shown


def test_compared_keys_say_how_they_differ():
    rows = compare(b'{"a":1,"b":2,"c":3,"d":4,"f":6,"g":7}', b'{"a":1,"b":"x","e":5,"f":6,"g":7,"c":3}')
    assert {row.name: row.note for row in rows} == {
        "a": "",
        "b": "another value",
        "c": "in another place",
        "d": "gone",
        "e": "new",
        "f": "",
        "g": "",
    }
    assert [row.name for row in rows if row.right is not None] == ["a", "b", "e", "f", "g", "c"]
