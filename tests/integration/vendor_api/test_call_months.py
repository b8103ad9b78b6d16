"""Counts by the month: groups by source and tracking numbers together with another filter say the same as the calls
themselves, whatever happens, and read no calls of months that are counted."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callhooks_site.vendor_api import totals_upkeep
from callhooks_site.vendor_api.call_sums import NAMES
from callhooks_site.vendor_api.models import CallMonth, CallMonthState, CallTotalState
from calls.models import Call
from tests.support.factories import make_company, make_tracker
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db
FIELDS = ",".join(name for name in NAMES if name != "first_time_callers")
# All; from the middle of a month; whole months; these and a day at each end.
RANGES: list[dict[str, str]] = [
    {"date_range": "all_time"},
    {"start_date": "2024-02-10T13:00"},
    {"start_date": "2024-02-01", "end_date": "2024-03-31"},
    {"start_date": "2024-01-31", "end_date": "2024-04-01"},
]
ASKED: list[tuple[str, dict[str, str]]] = [
    ("calls/summary.json", {"group_by": "source", "direction": "inbound"}),
    ("calls/summary.json", {"lead_status": "good_lead", "tracker_ids[]": "TRACKER"}),
    ("calls/timeseries.json", {"interval": "month", "tracker_id": "TRACKER", "answer_status": "answered"}),
]


@pytest.fixture
def company():
    return make_company(time_zone="America/New_York")


@pytest.fixture
def trackers(company):
    return [make_tracker(company, source="google_paid"), make_tracker(company, source="radio")]


def fill(company, trackers, rng, number=40):
    """Calls of four months of 2024, some within hours of a month's end."""
    ends = [datetime(2024, month, 1, 4, 30, tzinfo=UTC) for month in (1, 2, 3, 4, 5)]
    calls = []
    for index in range(number):
        start = ends[0] + timedelta(minutes=rng.randrange(60 * 24 * 120))
        if index % 4 == 0:
            start = rng.choice(ends) + timedelta(minutes=rng.choice([-40, 20, 45]))
        calls.append(Call(
            company=company, tracker=rng.choice(trackers), start_time=start, customer_phone_number="",
            answered_at=start + timedelta(seconds=4) if rng.random() < 0.5 else None, voicemail=rng.random() < 0.2,
            ended_at=start + timedelta(seconds=rng.randrange(90)), direction=rng.choice(["inbound", "outbound"]),
            source=rng.choice(["", "Yelp"]), lead_status=rng.choice(["", "good_lead"]), spam=rng.random() < 0.1,
            device_type=rng.choice(["", "Mobile"]),
        ))  # fmt: skip
    Call.objects.bulk_create(calls)


def answers(company):
    client, tracker = Vendor(company), company.trackers.first().resource_id
    told = []
    for dates in RANGES:
        for path, params in ASKED:
            given = {name: tracker if value == "TRACKER" else value for name, value in params.items()}
            body = client.get(path, fields=FIELDS, **dates, **given)
            told.append({name: value for name, value in body.items() if name != "end_date"})
    return told


def check(company):
    """What is told is what is told where nothing is counted."""
    told = answers(company)
    with_states = list(CallTotalState.objects.filter(company=company))
    CallTotalState.objects.filter(company=company).delete()
    assert told == answers(company)
    CallTotalState.objects.bulk_create(with_states)


def counted_months():
    """Since December 2023, to May 2024."""
    found = CallMonthState.objects.filter(counted=True, month__lt=date(2024, 6, 1)).order_by("month")
    return [month.month for month in found.values_list("month", flat=True)]


def make_due():
    CallMonthState.objects.filter(month__lt=date(2024, 6, 1)).update(due_at=timezone.now() - timedelta(hours=1))


def test_they_say_the_same_whatever_happens(company, trackers):
    rng = random.Random(3)
    fill(company, trackers, rng)
    check(company)
    totals_upkeep.keep_up(seconds=30)
    assert counted_months() == [12, 1, 2, 3, 4, 5]
    check(company)
    one, other, spam, gone = rng.sample(list(Call.objects.filter(company=company)), 4)
    one.lead_status, one.source = "not_a_lead", "Moved"
    one.save()
    Call.objects.filter(pk=other.pk).update(start_time=other.start_time + timedelta(days=31))
    Call.objects.filter(pk=spam.pk).update(spam=True)
    gone.delete()
    check(company)  # by the marks
    totals_upkeep.keep_up(seconds=30)
    assert len(counted_months()) < 6
    check(company)  # by the states
    make_due()
    totals_upkeep.keep_up(seconds=30)
    assert counted_months() == [12, 1, 2, 3, 4, 5]
    check(company)


def test_months_that_are_counted_are_not_read(company, trackers):
    fill(company, trackers, random.Random(4))
    totals_upkeep.keep_up(seconds=30)
    Call.objects.bulk_create([
        Call(company=company, tracker=trackers[0], start_time=timezone.now(), customer_phone_number="", source="New")
    ])  # fmt: skip
    asked = {"date_range": "all_time", "group_by": "source", "direction": "inbound"}
    with CaptureQueriesContext(connection) as captured:
        told = Vendor(company).get("calls/summary.json", **asked)
    assert {"key": "New", "total_calls": 1} in told["grouped_results"]
    reads = [each["sql"] for each in captured if 'COUNT("calls_call"' in each["sql"]]
    assert len(reads) == 1
    assert "\"start_time\" >= '2024-06-01 00:00:00-04:00'" in reads[0]  # where the last month that is counted ends
    assert "\"start_time\" < '2023-12-01 00:00:00-05:00'" in reads[0]


def test_a_month_is_counted_when_it_is_over_and_after_a_change_at_most_every_ten_minutes(company, trackers):
    now = timezone.now()
    Call.objects.bulk_create([
        Call(company=company, tracker=trackers[0], start_time=now, customer_phone_number=""),
        Call(company=company, tracker=trackers[0], start_time=datetime(2024, 3, 5, tzinfo=UTC),
             customer_phone_number=""),
    ])  # fmt: skip
    totals_upkeep.keep_up(seconds=30)
    march = CallMonthState.objects.get(month=date(2024, 3, 1))
    this_month = CallMonthState.objects.get(month=now.astimezone(ZoneInfo(company.time_zone)).date().replace(day=1))
    assert (march.counted, this_month.counted) == (True, False)
    assert this_month.due_at > now
    assert CallMonth.objects.count() == 1
    Call.objects.filter(start_time__lt=now).update(device_type="mobile")
    totals_upkeep.keep_up(seconds=30)
    march.refresh_from_db()
    assert not march.counted
    first = march.due_at
    assert timedelta(minutes=9) < first - now < timedelta(minutes=20)
    Call.objects.filter(start_time__lt=now).update(device_type="")
    totals_upkeep.keep_up(seconds=30)
    march.refresh_from_db()
    assert march.due_at == first, "further changes do not put it off"


def test_a_company_in_another_time_zone_is_counted_anew(company, trackers):
    fill(company, trackers, random.Random(5))
    totals_upkeep.keep_up(seconds=30)
    company.time_zone = "Asia/Kolkata"
    company.save()
    totals_upkeep.keep_up(seconds=30)
    assert CallMonth.objects.filter(month=date(2024, 5, 1)).exists(), "April's last hours are in May"
    check(company)
