"""Members of many companies: their pages take the same queries for any number of companies, none names each company,
and they show what is theirs only."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from subscriptions.models import Company, Membership
from subscriptions.tenancy import access
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db
DELIVERIES = reverse("admin:subscriptions_delivery_changelist")
LISTS = (
    DELIVERIES,
    f"{DELIVERIES}?state=failed&since=all",
    f"{DELIVERIES}?type=post_call",
    f"{DELIVERIES}?q=%2B12145550123",
    reverse("admin:subscriptions_subscription_changelist"),
    reverse("admin:subscriptions_event_changelist"),
    reverse("admin:calls_call_changelist"),
    reverse("admin:calls_person_changelist"),
    reverse("admin:messaging_textmessage_changelist"),
    reverse("admin:index"),
)


@pytest.fixture(autouse=True)
def three_are_many(monkeypatch):
    monkeypatch.setattr(access, "MOST_NAMED", 2)


@pytest.fixture
def companies() -> list[Company]:
    return [filled(f"Ours {number}") for number in range(3)]


@pytest.fixture
def agency(companies) -> Client:
    user = factories.make_member(companies[0], "admin", username="agency@example.com")
    for company in companies[1:]:
        Membership.objects.create(company=company, user=user, role="viewer")
    return login(user)


def filled(name: str) -> Company:
    company = factories.make_company(name)
    factories.make_subscription(company, name=f"CRM of {name}")
    factories.ended_call(company, customer_name=f"Caller of {name}")
    return company


def asked(client: Client, url: str) -> tuple[str, list[str]]:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode(), [query["sql"] for query in queries]


def test_lists_hold_the_rows_of_all_their_companies_and_of_no_other(agency, companies):
    filled("Theirs")
    for url in (DELIVERIES, reverse("admin:calls_call_changelist"), f"{DELIVERIES}?type=post_call"):
        shown, _ = asked(agency, url)
        assert all(f"Caller of {company.name}" in shown for company in companies), url
        assert "Theirs" not in shown


def test_a_page_names_no_company_in_its_queries_and_takes_the_same_for_more(agency, companies):
    before = {url: asked(agency, url)[1] for url in LISTS}
    user = Membership.objects.filter(company=companies[0]).get().user
    for number in range(3):
        Membership.objects.create(company=filled(f"Later {number}"), user=user, role="admin")
    named = ", ".join(str(company.pk) for company in companies)
    for url, queries in before.items():
        # Rows of a page are asked for by their keys, whatever they belong to.
        assert not [sql for sql in queries if f'company_id" IN ({named}' in sql], url
        assert len(asked(agency, url)[1]) == len(queries), url


def test_one_company_is_chosen(agency, companies):
    shown, _ = asked(agency, f"{DELIVERIES}?company={companies[1].pk}")
    assert "Caller of Ours 1" in shown
    assert "Caller of Ours 0" not in shown
    other = filled("Theirs")
    assert "Caller of Theirs" not in asked(agency, f"{DELIVERIES}?company={other.pk}")[0]


def test_they_write_only_where_their_role_allows_it(agency, companies):
    mine, read_only = (company.subscriptions.get() for company in companies[:2])
    assert "_save" in asked(agency, reverse("admin:subscriptions_subscription_change", args=[mine.pk]))[0]
    assert "_save" not in asked(agency, reverse("admin:subscriptions_subscription_change", args=[read_only.pk]))[0]
    shown, _ = asked(agency, reverse("admin:subscriptions_resendjob_add"))
    assert "CRM of Ours 0" in shown
    assert "CRM of Ours 1" not in shown
