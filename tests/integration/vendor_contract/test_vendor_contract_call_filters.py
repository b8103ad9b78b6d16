"""Contract 1.3, 1.6 and 5.1: which calls are listed, and in which order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from calls.models import Call, Tag
from tests.support.factories import make_call, make_tracker

SORTABLE = (
    "customer_name customer_phone_number duration start_time source customer_city customer_country landing_page_url "
    "device_type answered first_call source_name lead_status tags"
).split()
ALPHABETICAL = ("customer_name", "customer_phone_number", "customer_city", "source_name", "customer_country")


@pytest.fixture
def calls(company):
    """By name: calls that differ in everything a list is filtered and sorted by."""
    ads = make_tracker(company, phone_number="+14045550100", name="ads", source="google_paid")
    site = make_tracker(company, phone_number="+14045550101", name="site", source="my_site")
    hot, cold = (Tag.objects.create(company=company, name=name) for name in ("hot", "cold"))
    newest = timezone.now() - timedelta(hours=1)

    def call(age, tracker, answered=False, length=20, tags=(), **fields):
        start = newest - timedelta(hours=age)
        times = {"start_time": start, "ended_at": start + timedelta(seconds=length)}
        if answered:
            times["answered_at"] = start + timedelta(seconds=2)
        made = make_call(company, tracker, customer_name=fields.pop("name"), **times, **fields)
        made.tags.set(tags)
        return made

    made = {
        "answered": call(
            5, ads, True, 100, [hot], name="ann", customer_phone_number="+12145550101", lead_status="good_lead",
            device_type="mobile", business_phone_number="+13125550199", customer_city="austin", note="leaking roof",
        ),
        "again": call(
            4, site, True, 50, [hot, cold], name="ann", customer_phone_number="+12145550101", device_type="desktop",
            customer_city="austin",
        ),
        "missed": call(
            3, site, False, 10, name="zoe", customer_phone_number="+12145550100", lead_status="not_a_lead",
            customer_city="boston",
        ),
        "voicemail": call(
            2, ads, False, 30, [cold], name="cat", customer_phone_number="+12145550103", voicemail=True,
            customer_city="aurora", device_type="mobile",
        ),
        "outbound": call(
            1, ads, True, 70, name="dan", customer_phone_number="+12145550104", direction=Call.Direction.OUTBOUND,
            customer_city="dallas",
        ),
    }  # fmt: skip
    return {call.resource_id: name for name, call in made.items()}


def names(client, calls, **params):
    return [calls[call["id"]] for call in client.get("calls", **params)["calls"]]


FILTERS: Any = [
        ({"call_type": "first_call"}, {"answered", "missed", "voicemail", "outbound"}),
        ({"call_type": "missed"}, {"missed"}),
        ({"call_type": "voicemails"}, {"voicemail"}),
        ({"call_type": "inbound"}, {"answered", "again", "missed", "voicemail"}),
        ({"call_type": "outbound"}, {"outbound"}),
        ({"answer_status": "answered"}, {"answered", "again", "outbound"}),
        ({"answer_status": "missed"}, {"missed"}),
        ({"answer_status": "voicemail"}, {"voicemail"}),
        ({"device": "mobile"}, {"answered", "voicemail"}),
        ({"device": "desktop"}, {"again"}),
        ({"direction": "inbound"}, {"answered", "again", "missed", "voicemail"}),
        ({"direction": "outbound"}, {"outbound"}),
        ({"lead_status": "not_a_lead"}, {"missed"}),
        ({"tags": "hot"}, {"answered", "again"}),
        ({"tags[]": ["hot", "cold"]}, {"answered", "again", "voicemail"}),
        ({"tags[]": ["cold"], "direction": "inbound"}, {"again", "voicemail"}),
        ({"tags": "no such tag"}, set()),
        ({"answered": "false"}, {"answered", "again", "missed", "voicemail", "outbound"}),
        ({"source": "nothing"}, {"answered", "again", "missed", "voicemail", "outbound"}),
        ({"search": "3125550199"}, {"answered"}),
        ({"search": "ann"}, {"answered", "again"}),
        ({"search": "2145550100"}, {"missed"}),
        ({"search": "+12145550100"}, {"missed"}),
        ({"search": "214-555-0100"}, {"missed"}),
        ({"search": "roof"}, {"answered"}),
        ({"search": "site"}, {"again", "missed"}),
        ({"search": "My Site"}, {"again", "missed"}),
        ({"search": "4045550101"}, {"again", "missed"}),
        ({"search": "nobody at all"}, set()),
    ]  # fmt: skip


def test_filters_and_searches(client, calls):
    for params, expected in FILTERS:
        assert set(names(client, calls, **params)) == expected, params


def test_lead_status(client, calls):
    good = set(names(client, calls, lead_status="good_lead"))
    assert "answered" in good
    not_scored = set(names(client, calls, lead_status="not_scored"))
    assert not_scored >= {"voicemail", "outbound"}
    assert not {"answered", "missed"} & not_scored


def test_one_tracker(client, company, calls):
    tracker = company.trackers.get(name="site").resource_id
    assert names(client, calls, tracker_id=tracker) == ["missed", "again"]


@pytest.mark.sample(every=2)
@pytest.mark.parametrize("style", [{}, {"relative_pagination": "true"}], ids=["pages", "relative"])
def test_each_sort(client, calls, style):
    def ordered(**params):
        rows = client.get("calls", sort=sort, fields=sort, **style, **params)["calls"]
        assert len(rows) == len(calls)
        return [row[sort] for row in rows]

    for sort in SORTABLE:
        up, down = ordered(order="asc"), ordered(order="desc")
        assert up == down[::-1], sort
        known = [value for value in up if value is not None]
        assert known == sorted(known), sort
        if sort in ALPHABETICAL:
            assert ordered() == up
        if sort == "start_time":
            assert ordered() == down


def test_order_alone_changes_nothing(client, calls):
    assert names(client, calls, order="asc") == names(client, calls) == list(calls.values())[::-1]
