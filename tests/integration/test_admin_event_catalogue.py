"""The event catalogue in the admin: every type with every key, out of the serializers, and a test sent from there."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.urls import reverse

from subscriptions.events import catalogue, versions
from subscriptions.events.payload_schemas import build_schema
from subscriptions.models import AuditEntry, Delivery
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
TYPES = [event_type.name for event_type in catalogue.all_types()]


@pytest.fixture
def company():
    return factories.make_company("Acme")


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def page_of(client, name: str) -> str:
    answer = client.get(reverse("admin:event_type", args=[name]))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.sample(every=4)
@pytest.mark.parametrize("name", TYPES)
def test_a_type_is_shown_with_each_key_what_it_means_and_an_example(client, name):
    shown = page_of(client, name)
    event_type = catalogue.get(name)
    assert event_type.fires in html.unescape(shown)
    for version, _ in versions.choices():
        properties = build_schema(catalogue.serializer_of(event_type, version))["properties"]
        for key, field in properties.items():
            assert f"<code>{key}</code>" in shown
            assert field["description"] in html.unescape(shown), key
        example = shown.split(f'<code id="example-{version}">')[1].split("</code>")[0]
        example = re.sub("</?span[^>]*>", "", example)  # its colours
        assert json.loads(html.unescape(example)).keys() <= properties.keys()


def test_the_overview_names_and_links_all_of_them(client):
    shown = client.get(reverse("admin:event_catalogue")).content.decode()
    assert [name for name in TYPES if reverse("admin:event_type", args=[name]) not in shown] == []
    assert reverse("admin:event_catalogue") in client.get(reverse("admin:index")).content.decode()


def test_an_unknown_type_is_not_there(client):
    assert client.get(reverse("admin:event_type", args=["no_such"])).status_code == 404


def test_it_is_sent_to_the_subscription_chosen(client, company):
    first, second = (factories.make_subscription(company, name=name) for name in ("First", "Second"))
    answer = client.post(reverse("admin:event_type", args=["form_submission"]), {"subscription": str(second.pk)})
    delivery = Delivery.objects.get()
    assert (delivery.subscription, delivery.event.type, delivery.event.test) == (second, "form_submission", True)
    assert answer["Location"] == reverse("admin:subscriptions_subscription_test_result", args=[second.pk, delivery.pk])
    assert AuditEntry.objects.filter(act="Sent a test event", company=company, detail="Form Submission").exists()
    assert not first.deliveries.exists()


@pytest.mark.parametrize("chosen", ["", "x", "999999"])
def test_nothing_is_sent_without_one(client, company, chosen):
    factories.make_subscription(company)
    answer = client.post(reverse("admin:event_type", args=["post_call"]), {"subscription": chosen})
    assert "Choose an active subscription." in answer.content.decode()
    assert not Delivery.objects.exists()


def test_of_others_and_of_paused_ones_none_is_offered_or_taken(client, company):
    other = factories.make_subscription(factories.make_company("Other"), name="Theirs")
    paused = factories.make_subscription(company, name="Resting", state="paused")
    shown = page_of(client, "post_call")
    assert "Theirs" not in shown
    assert "Resting" not in shown
    for one in (other, paused):
        client.post(reverse("admin:event_type", args=["post_call"]), {"subscription": str(one.pk)})
    assert not Delivery.objects.exists()


def test_a_viewer_reads_it_and_sends_nothing(company):
    subscription = factories.make_subscription(company)
    client = login(factories.make_member(company, "viewer", username="viewer@example.com"))
    assert "Send a test" not in page_of(client, "post_call")
    answer = client.post(reverse("admin:event_type", args=["post_call"]), {"subscription": str(subscription.pk)})
    assert answer.status_code == 403
    assert not Delivery.objects.exists()
