"""The charts of a report: calls, and texts and forms, each day or week and each hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from subscriptions.admin.kit import charts

from .figures import Figures
from .period import Period

MOST_BARS = 92  # a day each; longer periods have a bar for each week
WEEK = 7
CALLS = (charts.Series("answered", "f-1"), charts.Series("not answered", "f-miss"))
OTHERS = (charts.Series("texts received", "f-1"), charts.Series("forms", "f-1s"))
LOW = 150  # pixels
Values = Callable[[Figures], tuple[int, int]]


def of_calls(one: Figures) -> tuple[int, int]:
    return (one.answered, one.calls - one.answered)


def of_others(one: Figures) -> tuple[int, int]:
    return (one.texts, one.forms)


def draw(
    name: str, what: str, period: Period, days: dict[date, Figures], today: date, values: Values, *, low: bool = False
) -> dict[str, Any]:
    """Title, picture and legend for the template."""
    step = 1 if period.days <= MOST_BARS else WEEK
    bars = [_bar(number, period, step, days, today, values) for number in range(-(-period.days // step))]
    series = CALLS if values is of_calls else OTHERS
    title = f"{what} each {'day' if step == 1 else 'week'}"
    height = LOW if low else charts.HEIGHT
    return {
        "title": title,
        "picture": charts.draw_bars(f"report-{name}", f"{title}, {period.in_words()}", series, bars, height=height),
        "legend": charts.draw_legend(series, bars),
    }


def _bar(number: int, period: Period, step: int, days: dict[date, Figures], today: date, values: Values) -> charts.Bar:
    first = period.since + timedelta(days=number * step)
    last = min(period.until, first + timedelta(days=step - 1))
    sums = [values(days[day]) for day in days if first <= day <= last]
    labelled = 1 if period.days <= WEEK else 4 if step > 1 else 7 if period.days <= 45 else 14
    label = f"{first.day} {first:%b}" if number % labelled == 0 else ""
    title = f"{first:%a} {first.day} {first:%b}" + (f" – {last.day} {last:%b}" if step > 1 else "")
    whole = (sum(one for one, _ in sums), sum(other for _, other in sums))
    return charts.Bar(label, title, whole, running=first <= today <= last)
