"""Contract 5.6: calls by hour, day, week, month and year."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.support.factories import make_call, make_tracker

CHICAGO = ZoneInfo("America/Chicago")


@pytest.fixture(autouse=True)
def calls(company):
    tracker = make_tracker(company)
    for text in ("2026-03-07T23:30", "2026-03-08T00:30", "2026-03-08T03:30", "2026-04-01T10:00"):
        make_call(company, tracker, start_time=datetime.fromisoformat(text).replace(tzinfo=CHICAGO))


def points(client, **params):
    body = client.get("calls/timeseries", **params)
    assert list(body) == ["start_date", "end_date", "time_zone", "total_results", "data"]
    assert all(next(iter(point)) == "date" for point in body["data"])
    return {point["date"]: point["total_calls"] for point in body["data"]}


def test_days_without_calls_are_zeros(client):
    found = points(client, start_date="2026-03-06", end_date="2026-03-09")
    assert found == {"2026-03-06": 0, "2026-03-07": 1, "2026-03-08": 2, "2026-03-09": 0}


def test_hours_of_a_short_day(client):
    """The clocks went forward on that day: it has no hour at two."""
    found = points(client, start_date="2026-03-08", end_date="2026-03-08", interval="hour")
    assert len(found) == 23
    assert [hour for hour, count in found.items() if count] == ["2026-03-08T00:00:00-0600", "2026-03-08T03:00:00-0500"]


def test_weeks_months_and_years(client):
    assert sum(points(client, start_date="2026-03-01", end_date="2026-04-30", interval="week").values()) == 4
    months = points(client, start_date="2026-03-01", end_date="2026-05-31", interval="month")
    assert months == {"2026-03-01": 3, "2026-04-01": 1, "2026-05-01": 0}
    years = points(client, start_date="2025-01-01", end_date="2026-12-31", interval="year")
    assert years == {"2025-01-01": 0, "2026-01-01": 4}


def test_a_zone_moves_calls_to_other_days(client):
    found = points(client, start_date="2026-03-07", end_date="2026-03-08", time_zone="UTC")
    assert found == {"2026-03-07": 0, "2026-03-08": 3}


def test_all_fields_of_an_empty_point(client):
    fields = "total_calls,missed_calls,answered_calls,first_time_callers,average_duration,formatted_average_duration"
    body = client.get("calls/timeseries", start_date="2026-03-06", end_date="2026-03-06", fields=fields)
    assert body["data"] == [
        {"date": "2026-03-06", **dict.fromkeys(fields.split(","), 0), "formatted_average_duration": "0s"}
    ]


def test_at_most_200_points(client):
    assert len(points(client, start_date="2026-01-01", end_date="2026-07-19")) == 200
    assert "200" in client.get("calls/timeseries", 400, start_date="2026-01-01", end_date="2026-07-20")
    assert client.get("calls/timeseries", 400, interval="second")
