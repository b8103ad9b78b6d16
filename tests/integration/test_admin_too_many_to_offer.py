"""Forms of operators, who have the rows of all companies: too many to list are entered by id. A list of a million
subscriptions never opened."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from subscriptions.admin.kit import row_fields
from subscriptions.models import ApiKey
from tests.support.admin import filled_in, login
from tests.support.factories import make_company, make_member, make_subscription

pytestmark = pytest.mark.django_db
ADD_KEY = reverse("admin:subscriptions_apikey_add")
RESEND = reverse("admin:subscriptions_resendjob_add")


@pytest.fixture(autouse=True)
def few_are_too_many(monkeypatch):
    monkeypatch.setattr(row_fields, "MOST_OFFERED", 1)


@pytest.fixture
def operator() -> Client:
    return login(User.objects.create_superuser("root"))


@pytest.mark.parametrize("by", ["resource_id", "pk"])
def test_a_company_is_entered_by_its_id(operator, by):
    company, _ = make_company(), make_company("Another")
    page = operator.get(ADD_KEY).content.decode()
    assert not re.search(r"<select[^>]* name=.company.", page)
    assert "Another" not in page
    given = {**filled_in(page), "company": getattr(company, by), "name": "CRM", "scopes": ["read"]}
    operator.post(ADD_KEY, given)
    assert ApiKey.objects.get().company == company


def test_what_is_no_id_is_said(operator):
    make_company(), make_company("Another")
    for wrong in ("COM0", "999999", "\x00", "9" * 40, "Another"):
        given = {
            **filled_in(operator.get(ADD_KEY).content.decode()),
            "company": wrong,
            "name": "CRM",
            "scopes": ["read"],
        }
        answer = operator.post(ADD_KEY, given)
        assert answer.status_code == 200
        assert "company" in answer.context["adminform"].form.errors
    assert not ApiKey.objects.exists()


def test_a_link_chooses_a_subscription_for_a_resend(operator):
    subscription = make_subscription(make_company())
    make_subscription(make_company("Another"))
    page = operator.get(f"{RESEND}?subscription={subscription.pk}").content.decode()
    assert subscription.resource_id in filled_in(page)["subscription"]


def test_nobody_reaches_another_company_s_by_id():
    company, other = make_company(), make_company("Another")
    make_subscription(company), make_subscription(company)
    client = login(make_member(company))
    page = client.get(RESEND).content.decode()
    answer = client.post(RESEND, {**filled_in(page), "subscription": make_subscription(other).resource_id})
    assert "subscription" in answer.context["form"].errors
