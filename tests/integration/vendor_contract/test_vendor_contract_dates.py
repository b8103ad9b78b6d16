"""Contract 1.5: ranges of dates, start and end, time zones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calls.models import Call
from tests.support.factories import make_call, make_form, make_text, make_tracker

CHICAGO = ZoneInfo("America/Chicago")
DAY = timedelta(days=1)


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def previous_month(day: date) -> date:
    return first_of_month(first_of_month(day) - DAY)


RANGES: dict[str, Callable[[date], tuple[date, date]]] = {
    "recent": lambda today: (today - 6 * DAY, today),
    "today": lambda today: (today, today),
    "yesterday": lambda today: (today - DAY, today - DAY),
    "last_7_days": lambda today: (today - 7 * DAY, today - DAY),
    "last_30_days": lambda today: (today - 30 * DAY, today - DAY),
    "this_month": lambda today: (first_of_month(today), today),
    "last_month": lambda today: (previous_month(today), first_of_month(today) - DAY),
    "this_year": lambda today: (date(today.year, 1, 1), today),
    "last_year": lambda today: (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    "all_time": lambda today: (date(2000, 1, 1), today),
}


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHICAGO)


def today() -> date:
    return datetime.now(CHICAGO).date()


def test_a_range_has_these_days(client, company):
    """A call in the first and one in the last second of each day that could be an edge of a range."""
    now = today()
    edges = {day + offset * DAY for bounds in RANGES.values() for day in bounds(now) for offset in (-1, 0, 1)}
    moments = [midnight(day) for day in edges] + [midnight(day + DAY) - timedelta(seconds=1) for day in edges]
    past = [moment for moment in moments if moment <= midnight(now) and moment.year > 2000]
    tracker = make_tracker(company)
    Call.objects.bulk_create(Call(company=company, tracker=tracker, start_time=moment) for moment in past)
    for name, days in RANGES.items():
        asked, found = None, None
        while asked != today():  # it may be midnight
            asked = today()
            found = client.get("calls", date_range=name, per_page=250)["calls"]
        first, last = days(asked)
        expected = {moment for moment in past if first <= moment.date() <= last}
        assert {datetime.fromisoformat(call["start_time"]) for call in found} == expected, name


def test_seven_days_are_listed_by_default(client, company):
    tracker = make_tracker(company)
    for age in (0, 5, 8):
        make_call(company, tracker, start_time=datetime.now(CHICAGO) - age * DAY)
    assert client.get("calls") == client.get("calls", date_range="recent")
    assert client.get("calls")["total_records"] == 2


THAT_DAY = {"start_date": "2026-03-02", "end_date": "2026-03-02"}


@pytest.fixture
def moments(client, company):
    """Calls around a day of March, whose names are their times in Chicago."""
    tracker = make_tracker(company)
    for text in (
        "2026-03-01T23:59:59", "2026-03-02T00:00:00", "2026-03-02T10:00:00", "2026-03-02T23:59:59",
        "2026-03-03T00:00:00",
    ):  # fmt: skip
        make_call(company, tracker, start_time=datetime.fromisoformat(text).replace(tzinfo=CHICAGO), customer_name=text)

    def ask(**params):
        return [
            call["customer_name"][8:-3]
            for call in client.get("calls", order="asc", sort="start_time", **params)["calls"]
        ]

    return ask


STARTS_AND_ENDS: Any = [
        ({"start_date": "2026-03-02", "end_date": "2026-03-02"}, ["02T00:00", "02T10:00", "02T23:59"]),
        ({"start_date": "2026-03-02"}, ["02T00:00", "02T10:00", "02T23:59", "03T00:00"]),
        ({"start_date": "2026-03-02T10:00", "end_date": "2026-03-02T22:59"}, ["02T10:00"]),
        ({"start_date": "2026-03-02T10:00", "end_date": "2026-03-03T00:00"}, ["02T10:00", "02T23:59", "03T00:00"]),
        ({"start_date": "2026-03-02T10:00:00-06:00", "end_date": "2026-03-02"}, ["02T10:00", "02T23:59"]),
        ({"start_date": "2026-03-02T16:00:00.000000+0000"}, ["02T10:00", "02T23:59", "03T00:00"]),
        ({"start_date": "2026-03-02T16:00:00.000000 0000"}, ["02T10:00", "02T23:59", "03T00:00"]),
        ({"start_date": "2026-03-02T16:00:00Z"}, ["02T10:00", "02T23:59", "03T00:00"]),
        ({**THAT_DAY, "time_zone": "UTC"}, ["01T23:59", "02T00:00", "02T10:00"]),
        ({**THAT_DAY, "time_zone": "EST"}, ["01T23:59", "02T00:00", "02T10:00"]),
        ({**THAT_DAY, "time_zone": "user"}, ["02T00:00", "02T10:00", "02T23:59"]),
    ]  # fmt: skip


def test_start_and_end(moments):
    for params, expected in STARTS_AND_ENDS:
        assert moments(**params) == expected


UNREADABLE_1: Any = ["calls", "calls/summary", "calls/timeseries", "form_submissions", "forms/summary",
                                  "text-messages", "sms-threads"]  # fmt: skip
UNREADABLE_2: Any = [
        {"date_range": "next_week"},
        {"start_date": "yesterday"},
        {"start_date": "2026-03-03", "end_date": "2026-03-02"},
        {"start_date": "2026-02-30", "end_date": "2026-03-01"},
        {"start_date": "2026-03-01", "end_date": "03/02/2026"},
        {"start_date": "2026-03-01", "end_date": "2026-03-02T25:00"},
        {"start_date": "2026-03-01", "end_date": "2026-03-02", "time_zone": "Mars/Olympus"},
    ]  # fmt: skip


def test_dates_that_nobody_can_read(client):
    for path in UNREADABLE_1:
        for params in UNREADABLE_2:
            assert client.get(path, 400, **params)


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("path", ["form_submissions", "text-messages", "sms-threads"])
def test_other_lists_by_date(client, company, path):
    for days in (0, 40):
        when = datetime.now(CHICAGO) - days * DAY
        make_form(company, submitted_at=when, form_data={"phone": f"+1214555011{days // 10}"})
        make_text(company, sent_at=when, customer_phone_number=f"+1214555011{days // 10}")
    day = (datetime.now(CHICAGO) - 40 * DAY).date().isoformat()
    assert client.get(path)["total_records"] == 1
    assert client.get(path, date_range="all_time")["total_records"] == 2
    assert client.get(path, start_date=day, end_date=day)["total_records"] == 1


@pytest.mark.parametrize("given", ["start_date", "end_date"])
def test_threads_need_both_dates(client, given):
    assert client.get("sms-threads", 400, **{given: "2026-03-02"})


def test_a_range_and_dates_together(client, moments):
    """Nowhere stated: the dates decide."""
    assert moments(start_date="2026-03-02", end_date="2026-03-02", date_range="today") == [
        "02T00:00", "02T10:00", "02T23:59",
    ]  # fmt: skip
