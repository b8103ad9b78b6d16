"""What filters and orders make of a person's earlier calls is what the calls' fields say of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from callhooks_site.vendor_api.call_sorts import SORTS
from callhooks_site.vendor_api.paging import Order
from calls import merging
from calls.models import Call
from tests.support.factories import ended_call, make_company, make_tracker
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    """Ann has two numbers, each called twice; the first of all was a good lead, by the merged one."""
    made = make_company()
    tracker, now = make_tracker(made), timezone.now()

    def call(hours, last_digit, **fields):
        return ended_call(made, tracker, start_time=now - timedelta(hours=hours), **fields,
                          customer_phone_number=f"+1214555012{last_digit}")  # fmt: skip

    merged = call(9, 2, lead_status="good_lead")
    main = call(8, 1)
    call(7, 1, lead_status="not_a_lead")
    call(6, 2)
    call(5, 3)
    call(4, 3, lead_status="good_lead")
    call(3, 3)
    call(2, 4)
    merging.merge(main.person, merged.person, by="x")
    return made


def test_sorted_by_lead_status(company):
    calls = Vendor(company).get("calls.json", sort="lead_status", order="asc", fields="lead_status")["calls"]
    told = [call["lead_status"] or "" for call in calls]
    before = "previously_marked_good_lead"
    assert told == ["", "", "good_lead", "good_lead", "not_a_lead", before, before, before]


def test_first_calls(company):
    client = Vendor(company)
    calls = client.get("calls.json", fields="first_call")["calls"]
    first = [call["id"] for call in calls if call["first_call"]]
    assert len(first) == 3
    assert [call["id"] for call in client.get("calls.json", call_type="first_call")["calls"]] == first


def test_good_leads_are_found_in_their_index(company):
    """No call of a person is read to learn that it was none."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    rows = Order(SORTS["lead_status"], False).on(Call.objects.filter(company=company)).values("pk", "sort_lead_status")
    plan = rows.explain()
    assert plan.count("using call_good_lead_of_person") == 2, plan  # of the same number, and of the person's others
    assert "using person_merged" in plan
