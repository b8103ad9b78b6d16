"""Integrations are our subscriptions: what one side changes the other shows, and events reach each URL of an array."""

from __future__ import annotations

import pytest

from subscriptions.endpoints import operations
from subscriptions.events import catalogue
from subscriptions.models import Delivery, Subscription
from tests.support.factories import ended_call, make_company, make_subscription, make_text, make_tracker
from tests.support.vendor_api import Vendor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
A, B, C = (f"http://127.0.0.1:8999/{name}" for name in "abc")
EMPTY = {
    key: []
    for key in """
    pre_call_webhook answered_call_webhook post_call_webhook updated_call_webhook post_outbound_call_webhook
    updated_outbound_call_webhook sms_received_webhook sms_sent_webhook form_captured_webhook
    """.split()
}


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def client(company):
    return Vendor(company)


def make(client, company, **config):
    return client.post("integrations.json", {"type": "Webhooks", "company_id": company.resource_id, "config": config})


def reached(state="pending"):
    return sorted(Delivery.objects.filter(state=state).values_list("subscription__url", "event__type"))


def test_the_whole_life(client, company):
    made = make(client, company, post_call_webhook=[A, B])
    assert (made["type"], made["state"], made["signing_key"]) == ("Webhooks", "active", company.signing_key)
    assert made["config"] == {**EMPTY, "post_call_webhook": [A, B]}
    path = f"integrations/{made['id']}.json"
    (listed,) = client.get("integrations.json", company_id=company.resource_id)["integrations"]
    assert listed == client.get(path) == {name: made[name] for name in ("id", "config", "state", "type")}
    assert {each.payload_version for each in Subscription.objects.all()} == {"2026-05"}

    changed = client.put(path, {"config": {**listed["config"], "sms_received_webhook": [A]}})
    assert changed["config"] == {**EMPTY, "post_call_webhook": [A, B], "sms_received_webhook": [A]}
    tracker = make_tracker(company)
    ended_call(company, tracker)
    make_text(company, tracker)
    assert reached() == [(A, "post_call"), (A, "text_message_received"), (B, "post_call")]

    client.told("delete", path, None, 204)
    assert client.get(path)["state"] == "disabled"
    ended_call(company, tracker)
    assert len(reached()) == 0  # what had not been sent yet is held
    assert client.put(path, {"state": "active"})["state"] == "active"
    assert reached() == []
    ended_call(company, tracker)
    assert reached() == [(A, "post_call"), (B, "post_call")]


def test_inbound_and_outbound_calls_go_where_they_are_wanted(client, company):
    make(client, company, post_call_webhook=[A, C], post_outbound_call_webhook=[C, B], updated_call_webhook=[C])
    assert client.get("integrations.json", company_id=company.pk)["integrations"][0]["config"] == {
        **EMPTY, "post_call_webhook": [A, C], "post_outbound_call_webhook": [C, B], "updated_call_webhook": [C]
    }  # fmt: skip
    tracker = make_tracker(company)
    inbound = ended_call(company, tracker)
    assert reached() == [(A, "post_call"), (C, "post_call")]
    outbound = ended_call(company, tracker, direction="outbound")
    assert [each for each in reached() if each[0] == B] == [(B, "post_call")]
    for call in (inbound, outbound):
        call.note = "Called back"
        call.save()
    assert [each for each in reached() if each[1] == "call_modified"] == [(C, "call_modified")]


def test_the_admins_changes_show_and_its_own_are_kept(client, company):
    admin = make_subscription(company, A, ["post_call", "form_submission"])
    path = f"integrations/{company.pk}.json"
    shown = client.get(path)["config"]
    both = {"post_call_webhook": [A], "post_outbound_call_webhook": [A], "form_captured_webhook": [A]}
    assert shown == {**EMPTY, **both}
    secret = admin.secret
    client.put(path, {"config": {**both, "pre_call_webhook": [B]}})
    admin.refresh_from_db()
    assert (admin.events, admin.payload_version, admin.secret) == (["post_call", "form_submission"], "article", secret)
    client.put(path, {"config": {"post_call_webhook": [A]}})
    admin.refresh_from_db()
    assert (admin.events, admin.call_direction, admin.state) == (["post_call"], "inbound", "active")
    assert Subscription.objects.get(url=B).state == "archived"
    operations.pause(admin)
    assert client.get(path)["state"] == "disabled"


def test_one_that_was_paused_in_the_admin_stays_so_while_the_other_works(client, company):
    made = make(client, company, post_call_webhook=[A, B])
    operations.pause(Subscription.objects.get(url=A))
    path = f"integrations/{made['id']}.json"
    assert client.put(path, {"state": "active", "config": made["config"]})["state"] == "active"
    assert Subscription.objects.get(url=A).state == "paused"
    client.put(path, {"state": "disabled"})
    client.put(path, {"state": "active"})
    assert {each.state for each in Subscription.objects.all()} == {"active"}


def test_what_is_refused(client, company):
    assert client.get("integrations.json", code=400) == "company_id is missing."
    make(client, company, post_call_webhook=[A])
    client.post("integrations.json", {"type": "Webhooks", "config": {"post_call_webhook": [B]}}, code=400)
    path = f"integrations/{company.pk}.json"
    for config in ({"post_call_webhook": A}, {"post_call_webhook": ["ftp://x"]}, {"post_call_webhook": [1]}, [], "x"):
        client.put(path, {"config": config}, code=400)
    client.put(path, {"state": "failed"}, code=400)
    client.get("integrations/1.json" if company.pk != 1 else "integrations/2.json", code=404)
    assert client.put(path, {"config": {"unknown_webhook": [B], "post_call_webhook": [A]}})["config"] == {
        **EMPTY, "post_call_webhook": [A]
    }  # fmt: skip


def test_a_config_of_nothing_can_be_filled_again(client, company):
    make(client, company, post_call_webhook=[A])
    path = f"integrations/{company.pk}.json"
    assert client.put(path, {"config": {}})["config"] == EMPTY
    assert [each["config"] for each in client.get("integrations.json", company_id=company.pk)["integrations"]] == [
        EMPTY
    ]
    assert client.put(path, {"config": {"pre_call_webhook": [B]}})["state"] == "active"


def test_the_signing_key_is_for_those_who_manage(client, company):
    make(client, company, post_call_webhook=[A])
    path = f"integrations/{company.pk}.json"
    assert client.get(path, fields="signing_key")["signing_key"] == company.signing_key
    Vendor(company, ["read"]).get(path, fields="signing_key", code=403)
    assert list(company.audit_entries.order_by("pk").values_list("act", flat=True)) == [
        "Added", "Looked at the signing key"
    ]  # fmt: skip


def test_every_event_type_has_a_key():
    from callhooks_site.vendor_api.webhook_config import EVENTS

    assert {each.name for each in catalogue.main_types()} == EVENTS
