"""The audit log: what is done stands in it, with the act or not at all, and without secrets."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from subscriptions.models import ApiKey, AuditEntry, Delivery, Subscription
from subscriptions.tenancy import audit_log
from tests.support import factories
from tests.support.admin import filled_in, login
from tests.support.faults import refused_rows

pytestmark = pytest.mark.django_db

LOG = reverse("admin:subscriptions_auditentry_changelist")


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def ann(company) -> User:
    return factories.make_member(company, username="ann@example.com")


@pytest.fixture
def client(ann):
    return login(ann)


@pytest.fixture
def subscription(company):
    return factories.make_subscription(company, url="http://127.0.0.1:9999/hooks")


def acts() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("actor", "act", "detail"))


def page_of(subscription: Subscription, name: str = "change") -> str:
    return reverse(f"admin:subscriptions_subscription_{name}", args=[subscription.pk])


def test_a_change_names_the_fields_and_no_values(client, subscription):
    form = filled_in(client.get(page_of(subscription)).content.decode())
    answer = client.post(page_of(subscription), {**form, "name": "Zq7 new name"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert acts() == [("ann@example.com", "Changed", "Name")]
    assert AuditEntry.objects.get().object_name == "Zq7 new name"


def test_a_page_saved_untouched_is_no_act(client, subscription):
    form = filled_in(client.get(page_of(subscription)).content.decode())
    client.post(page_of(subscription), form)
    assert acts() == []


def test_buttons_stand_in_it(client, subscription):
    for name in ("pause", "resume", "reveal_secret", "rotate_secret"):
        client.post(page_of(subscription, name), {})
    client.post(page_of(subscription, "delete"), {"post": "yes"})
    assert [act for _, act, _ in acts()] == [
        "Paused", "Resumed", "Viewed the signing secret", "Created a new signing secret", "Removed",
    ]  # fmt: skip
    subscription.refresh_from_db()
    assert subscription.secret not in str(list(AuditEntry.objects.values()))


def test_a_key_is_added_and_revoked_without_the_key(client, company):
    answer = client.post(reverse("admin:subscriptions_apikey_add"), {"name": "Phones", "scopes": ["read"]})
    client.post(reverse("admin:subscriptions_apikey_revoke", args=[ApiKey.objects.get().pk]))
    assert [act for _, act, _ in acts()] == ["Added", "Revoked"]
    assert answer.context["secret"] not in str(list(AuditEntry.objects.values()))


def test_many_deliveries_sent_again_are_one_act(client, company, subscription):
    factories.ended_call(company)
    Delivery.objects.update(state="failed", due_at=None)
    ids = list(Delivery.objects.values_list("pk", flat=True))
    log = reverse("admin:subscriptions_delivery_changelist")
    client.post(log, {"action": "resend_selected", "_selected_action": ids, "index": 0})
    detail = "" if len(ids) == 1 else f"{len(ids)} webhooks selected in the list"
    assert acts() == [("ann@example.com", "Sent again", detail)]


def test_without_its_entry_an_act_does_not_happen(client, subscription):
    with refused_rows("subscriptions_auditentry"), pytest.raises(DatabaseError):
        client.post(page_of(subscription, "pause"))
    subscription.refresh_from_db()
    assert subscription.state == "active"


def test_an_operators_act_is_seen_as_theirs(client, company, subscription):
    operator = login(User.objects.create_superuser("operator@example.com", password="x"))
    operator.post(page_of(subscription, "pause"))
    entry = AuditEntry.objects.get(act="Paused")
    assert (entry.as_operator, entry.company) == (True, company)
    shown = client.get(LOG).content.decode()
    assert "operator@example.com" in shown
    assert "Paused" in client.get(LOG, {"who": "operators"}).content.decode()


def test_operators_acts_on_users_stand_in_the_services_log(client):
    operator = login(User.objects.create_superuser("operator@example.com", password="x"))
    operator.post(reverse("admin:auth_group_add"), {"name": "Zq7 group"})
    entry = AuditEntry.objects.get(act="Added")
    assert (entry.company, entry.object_name) == (None, "Zq7 group")
    assert "Zq7 group" in operator.get(LOG).content.decode()
    assert operator.get(reverse("admin:subscriptions_auditentry_change", args=[entry.pk])).status_code == 200
    assert "Zq7 group" not in client.get(LOG).content.decode()


def test_logins_and_failed_ones_stand_in_it(ann, company):
    AuditEntry.objects.all().delete()
    at = reverse("admin:login")
    for password in ("wrong", factories.PASSWORD):
        Client().post(at, {"username": "ann@example.com", "password": password})
    Client().post(at, {"username": "nobody@example.com", "password": "wrong"})
    assert [act for _, act, _ in acts()] == ["Login failed", "Logged in"]
    assert {entry.company for entry in AuditEntry.objects.all()} == {company}


def test_the_log_is_filtered_and_nobody_writes_in_it(client, ann, company, subscription):
    audit_log.record(audit_log.Actor.person(ann), "Paused", subscription)
    audit_log.record(audit_log.SERVICE, "Swept", subscription)
    kept = AuditEntry.objects.earliest("pk")
    asked: list[tuple[dict[str, str], int]] = [
        ({"act": "Paused"}, 1),
        ({"who": f"u{ann.pk}"}, 1),
        ({"who": "k9"}, 0),
        ({"who": "ux"}, 0),
        ({"since": "24h"}, 2),
        ({"q": "ann@example.com"}, 1),
        ({"q": str(subscription.pk)}, 2),
    ]
    for query, found in asked:
        assert client.get(LOG, query).context["cl"].result_count == found, query
    page = reverse("admin:subscriptions_auditentry_change", args=[kept.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"act": "Nothing"}).status_code == 403
    assert client.get(reverse("admin:subscriptions_auditentry_add")).status_code == 403
