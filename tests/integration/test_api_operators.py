"""An operator's key acts for the company that a request names, and makes companies; it is told apart in the log."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from calls.models import Call
from subscriptions.models import ApiKey, AuditEntry, Company
from tests.support.admin import login
from tests.support.api import program, ringing
from tests.support.factories import make_company, make_tracker

pytestmark = pytest.mark.django_db


def operator(*scopes: str) -> APIClient:
    out = StringIO()
    call_command("make_operator_key", "billing", *(f"--scope={scope}" for scope in scopes), stdout=out)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {out.getvalue().strip()}")
    return client


def test_it_acts_for_the_company_it_names():
    acme, other = make_company("Acme"), make_company("Other")
    body = ringing(make_tracker(acme).phone_number)
    api = operator()
    assert api.post("/api/v1/calls/", body, HTTP_CALLHOOKS_COMPANY=acme.resource_id).status_code == 201
    assert Call.objects.get().company == acme
    assert api.get("/api/v1/calls/", HTTP_CALLHOOKS_COMPANY=other.resource_id).json()["results"] == []
    for wrong in ({}, {"HTTP_CALLHOOKS_COMPANY": "COM" + "0" * 32}):
        answer = api.get("/api/v1/calls/", **wrong)
        assert answer.status_code == 400
        assert "Callhooks-Company" in answer.json()["detail"]


def test_it_makes_a_company_and_its_first_key():
    api = operator()
    made = api.post("/api/v1/companies/", {"name": "Acme Dental", "time_zone": "Europe/Berlin"})
    assert made.status_code == 201, made.content
    key = api.post(f"{made['Location']}keys/", {"name": "Phone system", "scopes": ["read"]}).json()["key"]
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert client.get("/api/v1/key/").json()["company"] == made.json()["resource_id"]
    assert api.patch(made["Location"], {"name": "Acme"}).json()["name"] == "Acme"
    assert api.post("/api/v1/companies/", {"name": "X", "time_zone": "Mars/Olympus"}).status_code == 400
    entries = AuditEntry.objects.filter(company=Company.objects.get())
    assert entries.count() == 3
    assert all(entry.as_operator for entry in entries)


def test_a_repeated_request_makes_one_company():
    api = operator()
    once = {"HTTP_IDEMPOTENCY_KEY": "once"}
    first = api.post("/api/v1/companies/", {"name": "Acme"}, **once)
    repeat = api.post("/api/v1/companies/", {"name": "Acme"}, **once)
    assert (first.status_code, repeat.status_code) == (201, 201)
    assert repeat["Idempotency-Replayed"] == "true"
    assert first.json() == repeat.json()
    assert Company.objects.count() == 1
    assert api.post("/api/v1/companies/", {"name": "Other"}, **once).status_code == 422
    assert operator().post("/api/v1/companies/", {"name": "Acme"}, **once).status_code == 422


def test_its_scopes_bind_it_too():
    assert operator("read").post("/api/v1/companies/", {"name": "X"}).status_code == 403


def test_no_companys_key_finds_companies_or_becomes_another():
    acme, other = make_company("Acme"), make_company("Other")
    api = program(acme)
    for answer in (
        api.get("/api/v1/companies/"),
        api.post("/api/v1/companies/", {"name": "X"}),
        api.get(f"/api/v1/companies/{other.resource_id}/"),
        api.post(f"/api/v1/companies/{other.resource_id}/keys/", {"name": "x", "scopes": ["read"]}),
    ):
        assert answer.status_code == 404
    shown = api.get("/api/v1/key/", HTTP_CALLHOOKS_COMPANY=other.resource_id).json()
    assert shown["company"] == acme.resource_id
    assert APIClient().get("/api/v1/companies/").status_code == 401


def test_a_company_sees_and_ends_none_of_them(django_user_model):
    company = make_company()
    operator()
    key = ApiKey.objects.get(company=None)
    api = program(company)
    assert key.pk not in [each["id"] for each in api.get("/api/v1/keys/").json()["results"]]
    assert api.delete(f"/api/v1/keys/{key.pk}/").status_code == 404
    root = login(django_user_model.objects.create_superuser("root@example.com", password="x"))
    assert root.get("/admin/subscriptions/apikey/").status_code == 200


def test_a_revoked_one_is_refused():
    api = operator()
    assert api.get("/api/v1/companies/").status_code == 200
    call_command("revoke_operator_key", ApiKey.objects.get(company=None).prefix, stdout=StringIO())
    assert api.get("/api/v1/companies/").status_code == 401
    with pytest.raises(CommandError, match="0 keys begin with that"):
        call_command("revoke_operator_key", "chk_", stdout=StringIO())
