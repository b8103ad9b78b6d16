"""Forms and filters that choose among more rows than a list can show search instead. What the search answers is only
what the visitor may choose."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from subscriptions.admin.kit import searched_choices
from subscriptions.models import ApiKey, Membership
from tests.support.admin import filled_in, login
from tests.support.factories import make_company, make_member, make_subscription, make_tracker

pytestmark = pytest.mark.django_db
ADD_KEY = reverse("admin:subscriptions_apikey_add")
RESEND = reverse("admin:subscriptions_resendjob_add")
UPLOAD = reverse("admin:imports_importjob_add")
EVENT_TYPE = reverse("admin:event_type", args=["post_call"])
DELIVERIES = reverse("admin:subscriptions_delivery_changelist")


@pytest.fixture(autouse=True)
def few_are_too_many(monkeypatch):
    monkeypatch.setattr(searched_choices, "MOST_OFFERED", 1)


@pytest.fixture
def operator() -> Client:
    return login(User.objects.create_superuser("root"))


def search(client: Client, page: str, name: str, term: str) -> list[str]:
    """What the page's field of this name offers for the term."""
    tag = re.search(rf'<select[^>]*\bname="{name}"[^>]*>', page)
    assert tag, f"no field {name}"
    data = {key: html.unescape(value) for key, value in re.findall(r'data-([\w-]+)="([^"]*)"', tag[0])}
    asked = {"term": term, "app_label": data["app-label"], "model_name": data["model-name"],
             "field_name": data["field-name"]}  # fmt: skip
    url = data["ajax--url"]
    answer: Any = client.get(f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}")
    assert answer.status_code == 200
    return [one["text"] for one in answer.json()["results"]]


def shown(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("url", [ADD_KEY, UPLOAD, reverse("admin:subscriptions_subscription_add")])
def test_a_company_is_searched_by_its_name(operator, url):
    make_company("Bright Smiles"), make_company("Elm Dental")
    page = shown(operator, url)
    assert "Bright" not in page
    assert "select2" in page
    assert search(operator, page, "company", "smil") == ["Bright Smiles"]
    assert search(operator, page, "company", "") == ["Bright Smiles", "Elm Dental"]


def test_what_was_found_is_saved_and_shown_again(operator):
    company, _ = make_company("Bright Smiles"), make_company("Elm Dental")
    given = {**filled_in(shown(operator, ADD_KEY)), "company": company.pk, "name": "", "scopes": ["read"]}
    again = operator.post(ADD_KEY, given).content.decode()
    assert filled_in(again)["company"] == [str(company.pk)]
    assert "Bright Smiles" in again
    operator.post(ADD_KEY, given | {"name": "CRM"})
    assert ApiKey.objects.get().company == company


def test_what_is_no_choice_is_refused(operator):
    make_company(), make_company("Another")
    given = {**filled_in(shown(operator, ADD_KEY)), "name": "CRM", "scopes": ["read"]}
    for wrong in ("999999", "\x00", "9" * 40, "Another"):
        answer = operator.post(ADD_KEY, given | {"company": wrong})
        assert "company" in answer.context["adminform"].form.errors
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("url", [RESEND, EVENT_TYPE])
def test_a_subscription_is_searched_and_told_with_its_company(operator, url):
    make_subscription(make_company("Elm Dental"), name="CRM"), make_subscription(make_company("Oak"), name="Sheet")
    page = shown(operator, url)
    assert search(operator, page, "subscription", "crm") == ["CRM · Elm Dental"]


def test_a_link_chooses_a_subscription_for_a_resend(operator):
    subscription = make_subscription(make_company())
    make_subscription(make_company("Another"))
    page = shown(operator, f"{RESEND}?subscription={subscription.pk}")
    assert filled_in(page)["subscription"] == [str(subscription.pk)]


def test_a_member_finds_and_chooses_nothing_of_another_company():
    company, other = make_company(), make_company("Another")
    make_subscription(company, name="CRM"), make_subscription(company, name="CRM too")
    theirs = make_subscription(other, name="CRM of theirs")
    client = login(make_member(company))
    page = shown(client, RESEND)
    assert search(client, page, "subscription", "CRM") == ["CRM", "CRM too"]
    answer = client.post(RESEND, {**filled_in(page), "subscription": theirs.pk})
    assert "subscription" in answer.context["form"].errors
    asked: dict[str, Any] = {
        "app_label": "subscriptions",
        "model_name": "delivery",
        "field_name": "subscription",
        "term": "CRM",
    }
    for more in ({"company": other.pk}, {"company": other.pk, "filter": 1}, {"filter": 1, "company": "x"}):
        assert client.get(reverse("admin:autocomplete"), asked | more).json()["results"] == []


def test_a_form_finds_only_where_one_may_write_and_a_filter_where_one_may_read():
    mine, read_only = make_company("Mine"), make_company("Read only")
    user = make_member(mine, "admin", username="both@example.com")
    Membership.objects.create(company=read_only, user=user, role="viewer")
    for company in (mine, read_only):
        make_subscription(company, name=f"CRM of {company}"), make_subscription(company, name=f"Sheet of {company}")
    client = login(user)
    assert search(client, shown(client, RESEND), "subscription", "CRM") == ["CRM of Mine · Mine"]
    listed = shown(client, DELIVERIES)
    assert len(search(client, listed, "subscription", "CRM")) == 2
    assert search(client, listed, "company", "read") == ["Read only"]
    of_one = shown(client, f"{DELIVERIES}?company={read_only.pk}&state=failed")
    assert search(client, of_one, "subscription", "") == ["CRM of Read only", "Sheet of Read only"]
    # What else is chosen stays.
    (form,) = re.findall(
        r'<form method="get" class="find-one">((?:(?!</form>).)*name="subscription".*?)</form>', of_one
    )
    assert f'name="company" value="{read_only.pk}"' in form
    assert 'name="state" value="failed"' in form


def test_the_chosen_row_is_named_in_the_filter(operator):
    chosen = make_subscription(make_company("Elm Dental"), name="CRM")
    make_subscription(make_company("Oak"), name="Sheet")
    page = shown(operator, f"{DELIVERIES}?subscription={chosen.pk}")
    assert "<b>CRM · Elm Dental</b>" in page
    assert "Sheet" not in page


def test_a_member_searches_the_tracking_numbers_of_the_company(operator):
    company, other = make_company(), make_company("Another")
    make_tracker(company, name="Google Ads"), make_tracker(company, name="Google Local")
    make_tracker(other, name="Google Maps")
    url = reverse("admin:calls_call_add")
    assert len(search(operator, shown(operator, url), "tracker", "Google")) == 3
    member = login(make_member(company))
    found = search(member, shown(member, url), "tracker", "Google")
    assert [text.partition(" (")[0] for text in found] == ["Google Ads", "Google Local"]


@pytest.mark.parametrize("url", [ADD_KEY, RESEND, UPLOAD, EVENT_TYPE])
def test_a_page_whose_field_searches_reads_none_of_the_rows_to_show_it(operator, url, django_assert_max_num_queries):
    for number in range(3):
        make_subscription(make_company(f"Company {number}"), name=f"CRM {number}")
    with django_assert_max_num_queries(30) as asked:
        shown(operator, url)
    everything = [
        one["sql"] for one in asked.captured_queries if "ORDER BY" in one["sql"] and "LIMIT" not in one["sql"]
        and re.search(r'FROM "subscriptions_(subscription|company)"', one["sql"])
    ]  # fmt: skip
    assert everything == []
