"""API keys that API keys create: they end no later than the key that created them, and are revoked with it."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from subscriptions.models import ApiKey, AuditEntry
from tests.support.admin import login
from tests.support.api import wrong
from tests.support.factories import make_company, make_member

pytestmark = pytest.mark.django_db
URL = "/api/v1/keys/"
ALL = ["read", "ingest", "manage"]


def client(secret: str) -> APIClient:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return api


def works(secret: str) -> bool:
    return client(secret).get("/api/v1/key/").status_code == 200


def child_of(secret: str, **fields) -> dict:
    answer = client(secret).post(URL, {"name": "child", "scopes": ALL, **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.fixture
def company():
    return make_company(time_zone="UTC")


@pytest.fixture
def thief(company):
    """A key that ends in an hour, and its secret."""
    ends = timezone.now() + timedelta(hours=1)
    return ApiKey.objects.issue(company=company, name="stolen", expires_at=ends, made_by="owner@example.com")


def test_a_child_ends_no_later_and_says_who_made_it(thief):
    parent, secret = thief
    child = child_of(secret)
    assert ApiKey.objects.get(pk=child["id"]).expires_at == parent.expires_at
    assert (child["parent"], child["made_by"]) == (parent.pk, f"API key {parent}")
    shown = client(secret).get(f"{URL}{child['id']}/").json()
    assert (shown["parent"], shown["made_by"]) == (parent.pk, f"API key {parent}")
    later = (timezone.now() + timedelta(days=1)).isoformat()
    answer = client(secret).post(URL, {"name": "x", "scopes": ALL, "expires_at": later})
    assert "no later time" in wrong(answer)["#/expires_at"]


def test_children_and_their_children_are_revoked_with_the_key(thief, company):
    parent, secret = thief
    child = child_of(secret)
    grandchild = child_of(child["key"])
    assert works(grandchild["key"])
    other = ApiKey.objects.issue(company=company, name="other")[1]
    assert client(other).delete(f"{URL}{parent.pk}/").status_code == 204
    assert [works(key) for key in (secret, child["key"], grandchild["key"], other)] == [False, False, False, True]
    assert AuditEntry.objects.filter(act="Revoked an API key").count() == 3


def test_an_earlier_end_in_the_admin_holds_for_the_children(thief, company):
    parent, secret = thief
    grandchild = child_of(child_of(secret)["key"])
    client = login(make_member(company, "owner"))
    url = f"/admin/subscriptions/apikey/{parent.pk}/change/"
    soon = timezone.localtime() + timedelta(minutes=5)
    fields = {"name": parent.name, "expires_at_0": f"{soon:%Y-%m-%d}", "expires_at_1": f"{soon:%H:%M:%S}"}
    answer = client.post(url, {**fields, "initial-name": parent.name})
    assert answer.status_code == 302, answer.context["errors"]
    ends = ApiKey.objects.get(pk=parent.pk).expires_at
    assert abs(ends - soon) < timedelta(seconds=2)
    assert ApiKey.objects.get(pk=grandchild["id"]).expires_at == ends
    later = f"/admin/subscriptions/apikey/{grandchild['id']}/change/"
    page = client.post(later, {"name": "child", "expires_at_0": "", "expires_at_1": ""})
    assert "ends sooner" in page.content.decode()


def test_the_admin_shows_who_made_a_key_and_with_what_it_goes(thief, company):
    parent, secret = thief
    child = child_of(secret)
    client = login(make_member(company, "owner"))
    assert "owner@example.com" in client.get("/admin/subscriptions/apikey/").content.decode()
    page = client.get(f"/admin/subscriptions/apikey/{child['id']}/change/").content.decode()
    assert page.count(str(parent)) >= 2
    revoked = client.post(f"/admin/subscriptions/apikey/{parent.pk}/revoke/", follow=True).content.decode()
    assert "2 keys were revoked" in revoked
    assert not works(child["key"])


def test_a_rotation_of_another_key_is_no_way_out(thief, company):
    parent, secret = thief
    lasting, _ = ApiKey.objects.issue(company=company, name="lasting")
    answer = client(secret).post(f"{URL}{lasting.pk}/rotate/")
    assert answer.status_code == 201
    made = ApiKey.objects.get(pk=answer.json()["id"])
    assert (made.parent, made.expires_at) == (parent, parent.expires_at)


def test_a_key_cannot_rotate_the_key_that_made_it(thief):
    parent, secret = thief
    grandchild = child_of(child_of(secret)["key"])
    answer = client(grandchild["key"]).post(f"{URL}{parent.pk}/rotate/")
    assert (answer.status_code, "key" in answer.json()) == (409, False)


def test_the_successor_of_a_rotated_key_takes_over_its_children(company):
    old, secret = ApiKey.objects.issue(company=company, name="CRM")
    child = child_of(secret)
    new = client(secret).post(f"{URL}{old.pk}/rotate/", {"overlap_hours": 1}).json()
    client(new["key"]).delete(f"{URL}{old.pk}/")
    assert works(child["key"]), "the old key is revoked after its rotation: what it made goes on"
    assert works(new["key"])
    client(new["key"]).delete(f"{URL}{new['id']}/")
    assert not works(child["key"])


def test_keys_that_an_operators_key_made_go_with_it_unless_they_are_kept(company):
    def make(name):
        out = StringIO()
        call_command("make_operator_key", name, stdout=out)
        secret = out.getvalue().strip()
        made = client(secret).post(f"/api/v1/companies/{company.resource_id}/keys/", {"name": "x", "scopes": ALL})
        return secret, made.json()["key"]

    first, lost = make("first")
    second, kept = make("second")
    out = StringIO()
    call_command("revoke_operator_key", first[:12], stdout=out)
    call_command("revoke_operator_key", second[:12], "--keep-created", stdout=out)
    assert "1 keys that were created with it" in out.getvalue()
    assert (works(lost), works(kept)) == (False, True)
