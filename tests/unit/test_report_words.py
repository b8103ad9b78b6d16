"""Periods of reports, and how differences are written."""

from __future__ import annotations

from datetime import date

import pytest

from callhooks_site.reports import words
from callhooks_site.reports.figures import slug_of
from callhooks_site.reports.period import format_days, read_period, this_month


@pytest.mark.parametrize(
    ("today", "before"),
    [
        (date(2026, 11, 24), (date(2026, 10, 1), date(2026, 10, 24))),
        (date(2026, 3, 31), (date(2026, 2, 1), date(2026, 2, 28))),
        (date(2026, 1, 1), (date(2025, 12, 1), date(2025, 12, 1))),
    ],
    ids=["november", "march", "january"],
)
def test_this_month_is_compared_with_the_same_days_of_the_month_before(today, before):
    period = this_month(today)
    assert (period.since, period.until) == (today.replace(day=1), today)
    assert (period.before_since, period.before_until) == before


def test_last_days_include_today():
    period = read_period({"period": "30"}, date(2026, 11, 24))
    assert (period.since, period.until, period.days) == (date(2026, 10, 26), date(2026, 11, 24), 30)
    assert (period.before_since, period.before_until) == (date(2026, 9, 26), date(2026, 10, 25))
    assert period.compared_with() == "the 30 days before"


def test_one_day_is_enough_of_a_period():
    period = read_period({"since": "2026-11-23"}, date(2026, 11, 23))
    assert (period.days, period.compared_with(), period.in_words()) == (1, "the day before", "23 November")
    assert period.parameters() == {"since": "2026-11-23", "until": "2026-11-23"}


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        (date(2026, 11, 1), date(2026, 11, 24), "1 – 24 November"),
        (date(2026, 10, 26), date(2026, 11, 24), "26 October – 24 November"),
        (date(2025, 12, 26), date(2026, 1, 3), "26 December 2025 – 3 January 2026"),
    ],
    ids=["month", "months", "years"],
)
def test_days_in_words(since, until, said):
    assert format_days(since, until) == said


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (112, 100, "+12 %"), (97, 100, "\u22123 %"), (5, 5, "±0"), (5, 0, ""), (0, 0, ""), (900, 2, "from 2"),
        (0, 4, "\u2212100 %"),
    ],
    ids=["more", "less", "same", "new", "none", "many-times", "gone"],
)  # fmt: skip
def test_a_change(now, before, said):
    assert words.change_of(now, before).text.replace(words.THIN, " ") == said


def test_points():
    assert words.points(0.86, 0.89).text == "\u22123 points"
    assert words.points(0.86, 0.85).text == "+1 point"
    assert words.points(0.861, 0.859).text == "±0"
    assert words.points(None, 0.5).text == ""


@pytest.mark.parametrize(
    ("part", "said"), [(1, "100"), (0.9999, "99"), (0.001, "1"), (0, "0")], ids=["all", "nearly-all", "few", "none"]
)
def test_100_percent_is_all_of_them(part, said):
    assert words.percent(part) == f"{said}{words.THIN}%"


def test_when_people_call():
    nothing = [[0] * 24 for _ in range(7)]
    assert words.when_people_call(nothing, nothing) == ""
    calls, answered = [[0] * 24 for _ in range(7)], [[0] * 24 for _ in range(7)]
    calls[0][10], calls[2][18], answered[2][18] = 30, 12, 8
    said = words.when_people_call(calls, answered).replace(words.THIN, " ")
    assert said == "Most people call on Mondays at 10:00. After 17:00, 33 % of calls are not answered."


def test_a_source_has_one_name_however_it_is_written():
    assert slug_of("Google Paid") == slug_of("google_paid") == slug_of("google  paid ") == "google_paid"
    assert slug_of("") == "-"
