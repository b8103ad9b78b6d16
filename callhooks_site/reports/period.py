"""The days that a report is about, and those that it is compared with."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
DEFAULT, CHOSEN = "month", "days"
LAST_DAYS = {"7": 7, "30": 30, "90": 90}
LABELS = {DEFAULT: "This month", "7": "7 days", "30": "30 days", "90": "90 days"}
MOST_DAYS = 366


@dataclass(frozen=True)
class Period:
    """`name`: month, 7, 30, 90 or days. All days are included."""

    name: str
    since: date
    until: date
    before_since: date
    before_until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def in_words(self) -> str:
        return format_days(self.since, self.until)

    def compared_with(self) -> str:
        if self.name == DEFAULT:
            return format_days(self.before_since, self.before_until)
        return f"the {self.days} days before" if self.days > 1 else "the day before"

    def parameters(self) -> dict[str, str]:
        """For links that keep it."""
        if self.name == CHOSEN:
            return {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return {} if self.name == DEFAULT else {"period": self.name}


class BadPeriod(Exception):
    """These days cannot be shown; the message says what can."""


def read_period(asked: Mapping[str, str], today: date) -> Period:
    """The period of a query string; this month where it says nothing. Raises BadPeriod."""
    if asked.get("since") or asked.get("until"):
        return _chosen_days(asked, today)
    days = LAST_DAYS.get(asked.get("period", ""))
    if days is None:
        return this_month(today)
    since = today - (days - 1) * DAY
    return Period(asked["period"], since, today, since - days * DAY, since - DAY)


def this_month(today: date) -> Period:
    """Compared with the same days of the month before."""
    first = today.replace(day=1)
    last_month = first - DAY
    same_day = min(today.day, calendar.monthrange(last_month.year, last_month.month)[1])
    return Period(DEFAULT, first, today, last_month.replace(day=1), last_month.replace(day=same_day))


def _chosen_days(asked: Mapping[str, str], today: date) -> Period:
    try:
        since = date.fromisoformat(asked.get("since") or asked["until"])
        until = date.fromisoformat(asked.get("until") or today.isoformat())
    except ValueError:
        raise BadPeriod("Enter days as 2026-11-30.") from None
    if since > until:
        raise BadPeriod("The first day is after the last one. Choose the days again.")
    length = (until - since).days + 1
    if length > MOST_DAYS:
        raise BadPeriod(f"A report shows {MOST_DAYS} days at most. Choose fewer.")
    if since.year < 1990 or until > today + MOST_DAYS * DAY:
        raise BadPeriod("There are no calls then. Choose other days.")
    return Period(CHOSEN, since, until, since - length * DAY, since - DAY)


def format_days(since: date, until: date) -> str:
    """`1 – 24 November`, `26 October – 24 November`; with years where they differ."""
    end = f"{until.day} {until:%B}"
    if since == until:
        return end
    if since.year != until.year:
        return f"{since.day} {since:%B %Y} – {end} {until.year}"
    return f"{since.day} – {end}" if since.month == until.month else f"{since.day} {since:%B} – {end}"
