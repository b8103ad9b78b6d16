"""Contract 5.5: totals of calls, and totals by group."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calls.models import Tag
from tests.support.factories import make_call, make_tracker

FIELDS = (
    "total_calls missed_calls answered_calls first_time_callers average_duration formatted_average_duration leads"
).split()
START = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("America/Chicago"))
DATES = {"start_date": "2026-03-02", "end_date": "2026-03-03"}


@pytest.fixture(autouse=True)
def calls(company):
    """Two calls of one person through `ads`, the second missed the day after; one of another through `site`."""
    ads = make_tracker(company, phone_number="+14045550100", name="Ads", source="Ads")
    site = make_tracker(company, phone_number="+14045550101", name="Site", source="site_calls")

    def call(start, tracker, phone, talked=None, **fields):
        times = {"start_time": start, "ended_at": start + timedelta(seconds=talked or 10)}
        if talked is not None:
            times |= {"answered_at": start, "duration": talked}
        return make_call(company, tracker, customer_phone_number=phone, **times, **fields)

    first = call(
        START, ads, "+12145550101", 100, source="Yelp", keywords="roof", campaign="Spring",
        lead_status="good_lead", device_type="mobile", landing_page_url="https://example.com/a", referrer="google",
        last_requested_url="https://example.com/b",
    )  # fmt: skip
    first.tags.add(Tag.objects.create(company=company, name="hot"))
    call(START + timedelta(days=1), ads, "+12145550101", keywords="roof", device_type="desktop")
    call(START + timedelta(hours=2), site, "+12145550102", 50, agent_email="agent@example.com", direction="outbound")


def test_totals(client):
    body = client.get("calls/summary", fields=",".join(FIELDS), time_zone="UTC", **DATES)
    assert list(body)[:4] == ["start_date", "end_date", "time_zone", "total_results"]
    assert body["start_date"] == "2026-03-02T00:00:00-0000"
    assert body["end_date"] == "2026-03-03T23:59:59-0000"
    assert body["time_zone"] == "UTC"
    totals = body["total_results"]
    assert set(totals) == set(FIELDS)
    assert (totals["total_calls"], totals["answered_calls"], totals["missed_calls"]) == (3, 2, 1)
    assert (totals["first_time_callers"], totals["leads"]) == (2, 1)
    assert isinstance(totals["formatted_average_duration"], str)


def test_the_total_alone_is_the_default(client):
    assert client.get("calls/summary", **DATES)["total_results"] == {"total_calls": 3}


def test_offsets_are_of_the_zone(client):
    body = client.get("calls/summary", **DATES)
    assert (body["start_date"], body["time_zone"]) == ("2026-03-02T00:00:00-0600", "America/Chicago")


GROUPS: Any = [
        ("source", {"Yelp": 1, "Ads": 1, "Site Calls": 1}),
        ("keywords", {"roof": 2, None: 1}),
        ("campaign", {"Spring": 1, None: 2}),
        ("referrer", {"google": 1, None: 2}),
        ("landing_page", {"https://example.com/a": 1, None: 2}),
        ("company", {"Acme Dental": 3}),
        ("last_requested_page", {"https://example.com/b": 1, None: 2}),
    ]  # fmt: skip


def test_groups(client):
    for group, expected in GROUPS:
        body = client.get("calls/summary", group_by=group, **DATES)
        assert list(body)[4:] == ["grouped_by", "grouped_results"]
        assert body["grouped_by"] == group
        found = {row["key"] or None: row["total_calls"] for row in body["grouped_results"]}
        assert found == expected


def test_groups_by_company_id(client):
    body = client.get("calls/summary", group_by="company_id", fields=",".join(FIELDS), **DATES)
    assert [row["key"] for row in body["grouped_results"]] == [client.company]
    assert set(body["grouped_results"][0]) == {"key", *FIELDS}


FILTERS: Any = [
        ({"device": "mobile"}, 1),
        ({"device": "all"}, 3),
        ({"min_duration": 60}, 1),
        ({"max_duration": 60, "min_duration": 20}, 1),
        ({"tags": "hot,cold"}, 1),
        ({"tags[]": ["hot"]}, 1),
        ({"direction": "outbound"}, 1),
        ({"direction": "all"}, 3),
        ({"answer_status": "missed"}, 1),
        ({"answer_status": "all"}, 3),
        ({"first_time_callers": "true"}, 2),
        ({"lead_status": "good_lead"}, 1),
        ({"search": "Site Calls"}, 1),
        ({"search": "yel"}, 1),
        ({"no_such_filter": "x"}, 3),
    ]  # fmt: skip


def test_filters(client):
    for params, expected in FILTERS:
        assert client.get("calls/summary", **params, **DATES)["total_results"]["total_calls"] == expected
        points = client.get("calls/timeseries", **params, **DATES)
        assert points["total_results"]["total_calls"] == expected
        assert sum(point["total_calls"] for point in points["data"]) == expected


def test_trackers(client, company):
    ids = [tracker.resource_id for tracker in company.trackers.order_by("name")]
    for given, expected in ((ids[:1], 2), (ids[1:], 1), (ids, 3)):
        total = client.get("calls/summary", **{"tracker_ids[]": given}, **DATES)["total_results"]["total_calls"]
        assert total == expected


def test_what_a_summary_cannot_group_or_count(client):
    assert client.get("calls/summary", 400, group_by="mood", **DATES)
    assert client.get("calls/summary", 400, min_duration="long", **DATES)
    assert client.get("calls/summary", fields="nothing,total_calls", **DATES)["total_results"] == {"total_calls": 3}


def test_nothing_is_zero(client):
    body = client.get("calls/summary", fields=",".join(FIELDS), start_date="2025-01-01", end_date="2025-01-01")
    totals = body["total_results"]
    assert totals.pop("formatted_average_duration") == "0s"
    assert set(totals.values()) == {0}
    assert (
        client.get("calls/summary", group_by="source", start_date="2025-01-01", end_date="2025-01-01")[
            "grouped_results"
        ]
        == []
    )


def test_forms(client):
    body = client.get("forms/summary", fields="total_forms,first_forms,leads", **DATES)
    assert body["total_results"] == {"total_forms": 0, "first_forms": 0, "leads": 0}
    assert list(body)[:4] == ["start_date", "end_date", "time_zone", "total_results"]
