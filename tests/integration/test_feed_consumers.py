"""A consumer's place in the feed is kept by us: it reads from there, and says up to where it has what it read."""

from __future__ import annotations

import pytest

from subscriptions.feed import consumers
from subscriptions.models import AuditEntry
from tests.support.api import program, wrong
from tests.support.factories import make_call, make_company, make_form, make_subscription
from tests.support.feed import FEED, read, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
CONSUMERS = "/api/v1/feed-consumers/"
ONE = f"{CONSUMERS}crm/"


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def api(company):
    return program(company)


def create(api, **fields):
    answer = api.post(CONSUMERS, {"name": "crm", **fields})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_it_reads_on_from_what_it_acknowledged(company, api):
    first, second = make_call(company), make_call(company)
    assert create(api)["behind"] == 2
    page = read(api, consumer="crm", page_size=1)
    assert told(page) == told(read(api, consumer="crm", page_size=1)) == [(first.resource_id, "pre_call")]
    assert api.post(f"{ONE}acknowledge/", {"cursor": page["cursor"]}).json()["behind"] == 1
    rest = read(api, consumer="crm")
    assert told(rest) == [(second.resource_id, "pre_call")]
    api.post(f"{ONE}acknowledge/", {"cursor": rest["cursor"]})
    late = api.post(f"{ONE}acknowledge/", {"cursor": page["cursor"]}).json()
    assert (late["cursor"], late["behind"]) == (rest["cursor"], 0)  # never back
    moved = api.patch(ONE, {"cursor": "beginning"}).json()
    assert (moved["behind"], len(read(api, consumer="crm")["results"])) == (2, 2)
    assert api.patch(ONE, {"cursor": "latest"}).json()["behind"] == 0


def test_it_has_its_subscription_and_types(company, api):
    subscription = make_subscription(company, events=["pre_call"])
    make_call(company)
    make_form(company)
    create(api, subscription=subscription.resource_id)
    create(api, name="forms", types=["form_submission"])
    assert "webhook-signature" in read(api, consumer="crm")["results"][0]["headers"]
    assert [event["type"] for event in read(api, consumer="forms")["results"]] == ["form_submission"]
    assert wrong(api.get(FEED, {"consumer": "crm", "type": "pre_call"})).keys() == {"type"}
    assert "no such consumer" in wrong(api.get(FEED, {"consumer": "other"}))["consumer"]


def test_each_company_has_its_own(company, api):
    other = make_company("Other")
    theirs = make_subscription(other)
    create(program(other))
    create(api)
    assert len(api.get(CONSUMERS).json()["results"]) == 1
    assert wrong(api.post(CONSUMERS, {"name": "x", "subscription": theirs.resource_id})).keys() == {"#/subscription"}
    assert api.post(CONSUMERS, {"name": "crm"}).status_code == 409
    assert wrong(api.post(CONSUMERS, {"name": "Not Plain"})).keys() == {"#/name"}
    assert api.delete(ONE).status_code == 204
    assert program(other).get(ONE).status_code == 200
    assert list(AuditEntry.objects.filter(company=company).values_list("act", flat=True)) == ["Removed", "Added"]


def test_a_key_that_only_reads_moves_no_place(company, api):
    place = create(api)["cursor"]
    reader = program(company, ["read"])
    assert reader.get(ONE).status_code == 200
    assert reader.post(f"{ONE}acknowledge/", {"cursor": place}).status_code == 403


def test_a_company_has_few(company, api, monkeypatch):
    monkeypatch.setattr(consumers, "MOST", 1)
    create(api)
    assert api.post(CONSUMERS, {"name": "second"}).status_code == 409
