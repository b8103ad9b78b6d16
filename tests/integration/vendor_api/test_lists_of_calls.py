"""Which calls a list, a summary and a time series are about: dates, filters, searches, groups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callhooks_site.vendor_api import bounds
from callhooks_site.vendor_api.call_sums import NAMES
from calls.models import Tag
from tests.support.factories import ended_call, make_call, make_company, make_tracker
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture
def company():
    return make_company(time_zone="America/New_York")


@pytest.fixture
def client(company):
    return Vendor(company)


def names(client, path="calls.json", **params):
    return sorted(call["customer_name"] for call in client.get(path, **params)["calls"])


def ago(**how_long):
    return timezone.now() - timedelta(**how_long)


@pytest.fixture
def some(company):
    """Calls by their name."""
    tracker, other = make_tracker(company, source="google_paid"), make_tracker(company, name="Radio", source="radio")
    talked = ended_call(company, tracker, start_time=ago(hours=3), customer_name="talked", device_type="Mobile")
    talked.tags.add(Tag.objects.create(company=company, name="Roof"))
    made = {"talked": talked}
    more: dict[str, dict[str, Any]] = {
        "missed": {"customer_phone_number": "+12145550111", "note": "rang twice"},
        "voicemail": {"customer_phone_number": "+12145550112", "voicemail": True, "source": "Yelp"},
        "outbound": {"customer_phone_number": "+12145550113", "direction": "outbound"},
        "again": {"customer_phone_number": "+12145550123", "lead_status": "good_lead"},
    }
    for number, (name, fields) in enumerate(more.items()):
        start = ago(minutes=50 - number)
        fields |= {"start_time": start, "ended_at": start + timedelta(seconds=10 + number), "customer_name": name}
        made[name] = make_call(company, other, **fields)
    return made


FOUND: list[tuple[dict[str, Any], str]] = [
    ({}, "again missed outbound talked voicemail"),
    ({"answer_status": "answered"}, "talked"),
    ({"answer_status": "missed"}, "again missed outbound"),
    ({"answer_status": "voicemail"}, "voicemail"),
    ({"answer_status": "all", "device": "all", "direction": "all"}, "again missed outbound talked voicemail"),
    ({"call_type": "missed"}, "again missed"),
    ({"call_type": "voicemails"}, "voicemail"),
    ({"call_type": "first_call"}, "missed outbound talked voicemail"),
    ({"call_type": "inbound"}, "again missed talked voicemail"),
    ({"direction": "outbound"}, "outbound"),
    ({"device": "mobile"}, "talked"),
    ({"lead_status": "good_lead"}, "again"),
    ({"lead_status": "not_scored"}, "missed outbound talked voicemail"),
    ({"tags": "roof"}, "talked"),
    ({"tags[]": ["x", "Roof"]}, "talked"),
    ({"search": "rang"}, "missed"),
    ({"search": "(214) 555-0112"}, "voicemail"),
    ({"search": "5550113"}, "outbound"),
    ({"search": "yelp"}, "voicemail"),
    ({"answered": "true", "source": "x"}, "again missed outbound talked voicemail"),
]


def test_filters_and_searches(client, some):
    """One company for all of them: making its calls takes longer than the questions."""
    answers = [(params, " ".join(names(client, **params))) for params, _ in FOUND]
    assert answers == FOUND


def test_trackers(client, some):
    tracker = some["talked"].tracker
    assert names(client, tracker_id=tracker.resource_id) == ["talked"]
    assert names(client, tracker_id=tracker.pk) == ["talked"]


def test_order(client, some):
    def order(**params):
        return [call["customer_name"] for call in client.get("calls.json", **params)["calls"]]

    assert order() == ["again", "outbound", "voicemail", "missed", "talked"]
    assert order(sort="start_time", order="asc") == order()[::-1]
    assert order(order="asc") == order()
    assert order(sort="customer_name") == sorted(order())
    assert order(sort="duration", order="asc", answer_status="missed") == ["missed", "outbound", "again"]


ON_DAYS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [0, 1, 6]),
    ({"date_range": "recent"}, [0, 1, 6]),
    ({"date_range": "today"}, [0]),
    ({"date_range": "yesterday"}, [1]),
    ({"date_range": "last_7_days"}, [1, 6, 7]),
    ({"date_range": "last_30_days"}, [1, 6, 7, 8, 30]),
    ({"date_range": "all_time"}, [0, 1, 6, 7, 8, 30, 31, 400]),
    ({"start_date": 7}, [0, 1, 6, 7]),
    ({"end_date": 8}, [8, 30, 31, 400]),
    ({"start_date": 8, "end_date": 7}, [7, 8]),
    ({"start_date": 7, "end_date": 7, "date_range": "today"}, [7]),
]


def test_dates(client, company):
    tracker = make_tracker(company)
    # Where it is about noon, so that no midnight passes during the test. Signs of Etc/GMT are the other way round.
    company.time_zone = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
    company.save()
    noon = timezone.now().astimezone(ZoneInfo(company.time_zone)).replace(hour=12, minute=0)
    for day in (0, 1, 6, 7, 8, 30, 31, 400):
        make_call(company, tracker, start_time=noon - timedelta(days=day), customer_name=str(day))

    def days_of(params):
        given = {
            name: f"{noon - timedelta(days=value):%Y-%m-%d}" if isinstance(value, int) else value
            for name, value in params.items()
        }
        return sorted(map(int, names(client, **given)))

    assert [(params, days_of(params)) for params, _ in ON_DAYS] == ON_DAYS


def test_times_are_exact_to_what_they_say(client, company):
    make_call(company, start_time=datetime(2024, 1, 1, 5, 0, 30, tzinfo=UTC), customer_name="x")
    for start, end, found in (
        ("2024-01-01", "2024-01-01", 1),
        ("2024-01-01T00:00", "2024-01-01T00:00", 1),
        ("2024-01-01T00:00:31", "2024-01-01T09:00", 0),
        ("2024-01-01T05:00:30.000000+0000", "2024-01-01T05:00:30Z", 1),
        ("2024-01-01T05:00:30.000000 0000", "2024-01-02", 1),
        ("2023-12-31", "2023-12-31", 0),
    ):
        assert client.get("calls.json", start_date=start, end_date=end)["total_records"] == found, (start, end)
    body = client.get("calls.json", start_date="2024-01-01", end_date="2024-01-01", time_zone="UTC")
    assert body["calls"][0]["start_time"] == "2024-01-01T05:00:30.000+00:00"
    client.get("calls.json", start_date="2024-01-02", end_date="2024-01-01", code=400)


def test_summary(client, some):
    fields = ",".join(NAMES)
    body = client.get("calls/summary.json", fields=fields, group_by="source")
    assert list(body) == ["start_date", "end_date", "time_zone", "total_results", "grouped_by", "grouped_results"]
    assert body["total_results"] == {
        "total_calls": 5, "missed_calls": 4, "answered_calls": 1, "first_time_callers": 4,
        "average_duration": 12, "formatted_average_duration": "12s", "leads": 1,
    }  # fmt: skip
    assert [(each["key"], each["total_calls"]) for each in body["grouped_results"]] == [
        ("Radio", 3), ("Google Paid", 1), ("Yelp", 1)
    ]  # fmt: skip
    assert client.get("calls/summary.json")["total_results"] == {"total_calls": 5}
    assert client.get("calls/summary.json", min_duration=12, max_duration=13)["total_results"]["total_calls"] >= 0
    for group in ("keywords", "campaign", "referrer", "landing_page", "company", "company_id", "last_requested_page"):
        (each,) = client.get("calls/summary.json", group_by=group)["grouped_results"]
        assert each["total_calls"] == 5
    client.get("calls/summary.json", group_by="moon", code=400)
    assert client.get("calls/summary.json", direction="outbound", device="all")["total_results"]["total_calls"] == 1


def test_timeseries(client, company):
    tracker = make_tracker(company)
    for day, hour in ((1, 5), (1, 6), (3, 12)):
        start = datetime(2024, 3, day, hour, 30, tzinfo=UTC)
        ended_call(company, tracker, start_time=start)
    dates = {"start_date": "2024-03-01", "end_date": "2024-03-03"}
    body = client.get("calls/timeseries.json", **dates, fields="total_calls,formatted_average_duration")
    assert body["data"] == [
        {"date": "2024-03-01", "total_calls": 2, "formatted_average_duration": "13s"},
        {"date": "2024-03-02", "total_calls": 0, "formatted_average_duration": "0s"},
        {"date": "2024-03-03", "total_calls": 1, "formatted_average_duration": "13s"},
    ]
    assert body["total_results"]["total_calls"] == 3
    assert (body["start_date"], body["time_zone"]) == ("2024-03-01T00:00:00-0500", "America/New_York")
    hours = client.get("calls/timeseries.json", start_date="2024-03-01", end_date="2024-03-01", interval="hour")["data"]
    assert (len(hours), hours[0]) == (24, {"date": "2024-03-01T00:00:00-0500", "total_calls": 1})
    for interval, date in (("week", "2024-02-26"), ("month", "2024-03-01"), ("year", "2024-01-01")):
        (point,) = client.get("calls/timeseries.json", **dates, interval=interval)["data"]
        assert point == {"date": date, "total_calls": 3}
    client.get("calls/timeseries.json", start_date="2023-01-01", end_date="2024-01-01", code=400)


def test_clocks_that_are_set_back_have_an_hour_twice(client, company):
    for minute, hour in ((30, 5), (30, 6)):  # 1:30 EDT and 1:30 EST
        ended_call(company, start_time=datetime(2024, 11, 3, hour, minute, tzinfo=UTC))
    day = {"start_date": "2024-11-03", "end_date": "2024-11-03"}
    found = client.get("calls/timeseries.json", **day, interval="hour")["data"]
    assert [each["date"] for each in found if each["total_calls"]] == [
        "2024-11-03T01:00:00-0400", "2024-11-03T01:00:00-0500"
    ]  # fmt: skip
    assert len(found) == 25


def test_what_reads_many_rows_asks_for_a_shorter_time(client, some, monkeypatch):
    monkeypatch.setattr(bounds, "MOST_READ", 3)
    for params in ({"search": "x"}, {"tags": "x"}, {"call_type": "first_call"}, {"sort": "customer_name"}):
        assert "shorter" in client.get("calls.json", **params, code=400)
    assert client.get("calls.json", search="x", start_date="2020-01-01", end_date="2020-01-02")["calls"] == []
    assert client.get("calls.json", direction="outbound", answer_status="missed")["total_records"] == 1
    assert "shorter" in client.get("calls/summary.json", group_by="campaign", code=400)


def test_a_list_takes_few_statements_however_long_it_is(client, company, some):
    every = "tags,lead_status,source_name,person_id,company_name,value"

    def statements(**params):
        with CaptureQueriesContext(connection) as captured:
            client.get("calls.json", fields=every, **params)
        return len(captured)

    few = statements(per_page=1, page=1)
    assert statements(per_page=5) <= few <= 12
