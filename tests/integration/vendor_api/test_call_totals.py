"""Counts by the day: whatever changes calls, lists, summaries and time series say the same as the calls themselves."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callhooks_site.reports.models import SourceDay
from callhooks_site.vendor_api import totals_upkeep
from callhooks_site.vendor_api.call_sums import NAMES
from callhooks_site.vendor_api.models import CallDay, CallDayBySource, CallTotalMark, CallTotalState
from calls.models import Call
from tests.support.factories import make_call, make_company, make_form, make_tracker
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db
FIELDS = ",".join(name for name in NAMES if name != "first_time_callers")
START = f"{timezone.now() - timedelta(days=9, minutes=17):%Y-%m-%dT%H:%M:%SZ}"
ASKED: list[tuple[str, dict[str, object]]] = [
    ("calls.json", {}),
    ("calls.json", {"answer_status": "missed", "direction": "inbound"}),
    ("calls.json", {"call_type": "voicemails", "per_page": 2, "page": 2}),
    ("calls.json", {"device": "mobile", "lead_status": "not_scored"}),
    ("calls.json", {"sort": "start_time", "order": "asc", "per_page": 3, "page": 3}),
    ("calls.json", {"tracker_id": "TRACKER", "per_page": 2, "page": 2}),
    ("calls/summary.json", {"fields": FIELDS, "group_by": "source"}),
    ("calls/summary.json", {"fields": FIELDS, "group_by": "company", "direction": "outbound"}),
    ("calls/summary.json", {"fields": FIELDS, "lead_status": "good_lead"}),
    ("calls/summary.json", {"fields": FIELDS, "tracker_ids[]": "TRACKER"}),
    ("calls/summary.json", {"fields": FIELDS, "group_by": "source", "direction": "inbound", "device": "mobile"}),
    ("calls/timeseries.json", {"fields": FIELDS, "interval": "month", "tracker_id": "TRACKER", "direction": "inbound"}),
    ("calls.json", {"tracker_id": "TRACKER", "answer_status": "missed"}),
    ("calls/summary.json", {"fields": FIELDS, "group_by": "campaign"}),
    ("calls/timeseries.json", {"fields": FIELDS, "interval": "day"}),
    ("calls/timeseries.json", {"fields": FIELDS, "interval": "week", "device": "mobile", "direction": "inbound"}),
    ("calls/timeseries.json", {"fields": FIELDS, "interval": "day", "tracker_id": "TRACKER"}),
    ("calls/timeseries.json", {"fields": FIELDS, "interval": "month", "time_zone": "Asia/Kolkata"}),
]
SOME = ASKED[::4]


@pytest.fixture
def company():
    return make_company(time_zone="America/New_York")


def answers(company, asked=ASKED):
    client = Vendor(company)
    tracker = company.trackers.first().resource_id
    told = []
    for dates in ({"date_range": "all_time"}, {"start_date": START}):
        for path, params in asked:
            given = {name: tracker if value == "TRACKER" else value for name, value in params.items()}
            body = client.get(path, **dates, **given)
            if "calls" in body:
                body["calls"] = [call["id"] for call in body["calls"]]
            told.append({name: value for name, value in body.items() if name != "end_date"})
    return told


def without_totals(company, asked=ASKED):
    """As it is told where nothing is counted."""
    states = list(CallTotalState.objects.filter(company=company))
    CallTotalState.objects.filter(company=company).delete()
    told = answers(company, asked)
    CallTotalState.objects.bulk_create(states)
    return told


def one(company, rng, trackers):
    start = timezone.now() - timedelta(minutes=rng.randrange(20, 60 * 24 * 12))
    answered = start + timedelta(seconds=rng.random() * 9) if rng.random() < 0.6 else None
    make_call(
        company, rng.choice(trackers), start_time=start, answered_at=answered, voicemail=rng.random() < 0.2,
        ended_at=start + timedelta(seconds=10 + rng.random() * 99) if rng.random() < 0.9 else None,
        duration=rng.choice([None, 7]), direction=rng.choice(["inbound", "outbound"]),
        source=rng.choice(["", "Yelp", "google_paid"]), lead_status=rng.choice(["", "good_lead"]),
        spam=rng.random() < 0.1, device_type=rng.choice(["", "mobile", "Mobile", "tablet"]),
    )  # fmt: skip


@pytest.mark.sample(every=2)
@pytest.mark.parametrize("seed", range(2))
def test_they_say_the_same_whatever_happens(company, seed):
    rng, asked = random.Random(seed), ASKED[seed::2]
    trackers = [make_tracker(company, source="google_paid"), make_tracker(company, source="radio")]
    for _ in range(12):
        one(company, rng, trackers)
    for _ in range(3):
        if rng.random() < 0.8:
            totals_upkeep.keep_up(seconds=30)
        assert answers(company, asked) == without_totals(company, asked)
        for _ in range(3):
            call = rng.choice(list(Call.objects.filter(company=company)))
            change = rng.randrange(5)
            if change == 0:
                one(company, rng, trackers)
            elif change == 1:
                call.lead_status, call.source = "good_lead", "Moved"
                call.save()
            elif change == 4:
                Call.objects.filter(pk=call.pk).update(device_type="Mobile")
            elif change == 2:  # past all signals
                Call.objects.filter(pk=call.pk).update(spam=True)
            else:
                Call.objects.filter(pk=call.pk).update(
                    start_time=call.start_time - timedelta(hours=rng.randrange(1, 50))
                )
    totals_upkeep.keep_up(seconds=30)
    assert answers(company, asked) == without_totals(company, asked)
    assert not CallTotalMark.objects.exists()


def test_what_was_there_before_is_counted_once(company):
    rng, tracker = random.Random(5), make_tracker(company)
    for _ in range(6):
        one(company, rng, [tracker])
    CallTotalMark.objects.all().delete()
    CallTotalState.objects.create(company=company)
    assert answers(company, SOME) == without_totals(company, SOME)
    totals_upkeep.keep_up(seconds=30)
    assert CallTotalState.objects.get(company=company).complete
    assert answers(company, SOME) == without_totals(company, SOME)


def test_a_new_company_is_complete_with_its_first_day(company):
    make_call(company, make_tracker(company))
    totals_upkeep.count_marked(totals_upkeep.newest_mark())
    assert CallTotalState.objects.get(company=company).complete


@pytest.mark.parametrize("days", [-3, 3])
def test_a_company_with_something_on_another_day_is_not_complete_before_that_is_counted(company, days):
    make_form(company, submitted_at=timezone.now() + timedelta(days=days))
    CallTotalMark.objects.all().delete()  # from before there were any
    make_call(company, make_tracker(company))
    totals_upkeep.count_marked(totals_upkeep.newest_mark())
    assert not CallTotalState.objects.get(company=company).complete
    totals_upkeep.keep_up(seconds=30)
    assert CallTotalState.objects.get(company=company).complete
    assert SourceDay.objects.filter(kind="form").exists()


def test_a_company_is_not_complete_by_a_mark_of_another_day(company):
    """Its call's mark is in a later batch."""
    make_call(company, make_tracker(company))
    CallTotalMark.objects.update(hour=timezone.now() - timedelta(days=5))
    totals_upkeep.count_marked(totals_upkeep.newest_mark())
    assert not CallTotalState.objects.get(company=company).complete


def test_a_company_in_another_time_zone_is_counted_anew(company):
    rng, tracker = random.Random(7), make_tracker(company)
    for _ in range(6):
        one(company, rng, [tracker])
    totals_upkeep.keep_up(seconds=30)
    company.time_zone = "Asia/Kolkata"  # whose midnight is within an hour of UTC
    company.save()
    assert answers(company, SOME) == without_totals(company, SOME)
    one(company, rng, [tracker])
    totals_upkeep.keep_up(seconds=30)
    assert CallTotalState.objects.get(company=company).time_zone == "Asia/Kolkata"
    assert answers(company, SOME) == without_totals(company, SOME)


def test_a_page_is_read_from_the_days_that_have_its_calls(company):
    """Calls that are rare, months apart, and one that is not of the kind on each day between."""
    tracker, now = make_tracker(company), timezone.now()
    calls = [Call(company=company, tracker=tracker, start_time=now - timedelta(days=day), voicemail=day % 20 == 5,
                  customer_phone_number="") for day in range(4, 200)]  # fmt: skip
    Call.objects.bulk_create(calls)
    totals_upkeep.keep_up(seconds=30)
    wanted = [call.resource_id for call in calls if call.voicemail]
    client = Vendor(company)
    asked = {"date_range": "all_time", "answer_status": "voicemail", "per_page": 3}
    with CaptureQueriesContext(connection) as captured:
        shown = client.get("calls.json", page=3, **asked)
    assert ([call["id"] for call in shown["calls"]], shown["total_records"]) == (wanted[6:9], len(wanted))
    reads = [each["sql"] for each in captured if "LIMIT" in each["sql"] and '"start_time" >=' in each["sql"]]
    assert len(reads) == 4  # a day each, and one to see whether there is another page
    for turn in ("by_link", "by_page", "relative"):
        pages = getattr(client, turn)("calls.json", **asked)
        assert [call["id"] for body in pages for call in body["calls"]] == wanted
    oldest_first = client.get("calls.json", page=2, sort="start_time", order="asc", **asked)
    assert [call["id"] for call in oldest_first["calls"]] == wanted[::-1][3:6]


def test_a_long_range_reads_days_and_not_calls(company):
    tracker = make_tracker(company)
    for day in range(5, 9):
        make_call(company, tracker, start_time=timezone.now() - timedelta(days=day))
    totals_upkeep.keep_up(seconds=30)
    assert CallDay.objects.count() == CallDayBySource.objects.count() == 4
    with CaptureQueriesContext(connection) as captured:
        body = Vendor(company).get("calls/summary.json", date_range="all_time")
    assert body["total_results"] == {"total_calls": 4}
    counted = [each["sql"] for each in captured if "count(" in each["sql"].lower() and "calls_call" in each["sql"]]
    assert counted == []


def test_a_save_that_changes_nothing_counted_marks_nothing(company):
    call = make_call(company)
    totals_upkeep.keep_up(seconds=30)
    Call.objects.filter(pk=call.pk).update(note="x")
    assert not CallTotalMark.objects.exists()
    call.delete()
    assert CallTotalMark.objects.count() == 1


def test_calls_that_come_while_it_counts_are_left_to_the_next_run(company):
    """Or it would count a busy company's day without a pause."""
    tracker = make_tracker(company)
    make_call(company, tracker)
    looks = []

    def another_call() -> bool:
        looks.append(make_call(company, tracker))
        return len(looks) > 5

    totals_upkeep.keep_up(seconds=30, stopping=another_call)
    assert len(looks) < 5
    assert CallTotalMark.objects.exists()
    totals_upkeep.keep_up(seconds=30)
    assert not CallTotalMark.objects.exists()
    assert sum(CallDay.objects.values_list("calls", flat=True)) == 1 + len(looks)
