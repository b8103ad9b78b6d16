"""A company's country: its time zone's unless somebody chooses one; shown when it is made, and editable."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse

from subscriptions.models import ApiKey, Company
from tests.support.admin import filled_in, login
from tests.support.api import program, wrong
from tests.support.factories import make_company, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    client = program(make_company("Any"))
    _, secret = ApiKey.objects.issue(company=None, name="operator", scopes=["read", "manage"])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_the_api_shows_it_when_a_company_is_made_and_changes_it(operator):
    made = operator.post("/api/v1/companies/", {"name": "Acme", "time_zone": "Asia/Kolkata"}).json()
    assert made["country"] == "IN"
    path = f"/api/v1/companies/{made['resource_id']}/"
    assert operator.patch(path, {"country": "NP"}).json()["country"] == "NP"
    # A time zone chosen later does not change how numbers are read.
    assert operator.patch(path, {"time_zone": "Europe/Paris"}).json()["country"] == "NP"
    assert operator.patch(path, {"country": ""}).json()["country"] == "FR"
    assert "two letters" in wrong(operator.patch(path, {"country": "XX"}))["#/country"]


def test_the_admin_shows_it_when_a_company_is_made(admin_client):
    page = reverse("admin:subscriptions_company_add")
    form = filled_in(admin_client.get(page).content.decode()) | {"name": "Acme", "time_zone": "Europe/Paris"}
    answer = admin_client.post(page, form, follow=True)
    assert Company.objects.get(name="Acme").country == "FR"
    assert "Phone numbers without + are read as numbers of France." in answer.content.decode()


def test_members_change_it_on_the_settings_page():
    company = make_company()
    client, page = login(make_member(company)), reverse("admin:subscriptions_company_change", args=[company.pk])
    form = filled_in(client.get(page).content.decode())
    assert form["country"] == ["US"]
    assert client.post(page, form | {"country": "GB"}).status_code == 302
    company.refresh_from_db()
    assert company.country == "GB"


def test_the_migration_fills_it_in_by_the_time_zone():
    companies = [make_company(time_zone=zone) for zone in ("Asia/Kolkata", "US/Central", "UTC")]
    chosen = make_company(time_zone="Asia/Kolkata", country="NP")
    Company.objects.exclude(pk=chosen.pk).update(country="")
    assert Company.objects.get(pk=companies[0].pk).region == "IN"  # what an older version writes meanwhile
    import_module("subscriptions.migrations.0037_country").fill_in(apps, None)
    found = dict(Company.objects.values_list("pk", "country"))
    assert [found[company.pk] for company in (*companies, chosen)] == ["IN", "US", "US", "NP"]
