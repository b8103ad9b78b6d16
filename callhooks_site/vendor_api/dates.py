"""The range of time that a request is about: `date_range`, or `start_date` and `end_date`, in a `time_zone`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from .errors import BadRequest
from .params import Params

DEFAULT = "recent"
# A + that was not encoded arrives as a blank.
_BLANK_OFFSET = re.compile(r" (?=\d\d:?\d\d$)")
DAY = timedelta(days=1)
# Beyond these, a day more or another zone is no time that can be told.
FIRST_YEAR, LAST_YEAR = 1900, 2200


@dataclass(frozen=True)
class Range:
    """From `start` on, and before `end`; None: from the beginning, without an end."""

    start: datetime | None
    end: datetime | None

    def on(self, rows: Any, column: str) -> Any:
        if self.start is not None:
            rows = rows.filter(**{f"{column}__gte": self.start})
        if self.end is not None:
            rows = rows.filter(**{f"{column}__lt": self.end})
        return rows


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # no such zone, or no name of one
        return None


def zone_of(params: Params, default: str) -> str:
    """The zone that the request names; `user` and nothing are the company's."""
    name = params.text("time_zone")
    if not name or name == "user":
        return default
    if zone_named(name) is None:
        raise BadRequest("time_zone must be the name of a time zone, such as America/New_York.")
    return name


def range_of(params: Params, zone_name: str, *, default: str = DEFAULT) -> Range:
    zone = zone_named(zone_name) or ZoneInfo("UTC")
    start, end = params.text("start_date"), params.text("end_date")
    if start or end:
        first = _moment(start, "start_date", zone)[0] if start else None
        last = _after(end, zone) if end else None
        if first and last and last <= first:
            raise BadRequest("end_date lies before start_date.")
        return Range(first, last)
    name = params.text("date_range") or default
    if name == "all_time":
        return Range(None, None)
    if name not in _RANGES:
        raise BadRequest(f"date_range must be one of: {', '.join(_RANGES)}, all_time.")
    first_day, last_day = _RANGES[name](timezone.now().astimezone(zone).date())
    return Range(_midnight(first_day, zone), _midnight(last_day + DAY, zone))


def _month(day: date, back: int = 0) -> date:
    months = day.year * 12 + day.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


# Name → the first and the last day, from today.
_RANGES: dict[str, Callable[[date], tuple[date, date]]] = {
    "recent": lambda day: (day - 6 * DAY, day),
    "today": lambda day: (day, day),
    "yesterday": lambda day: (day - DAY, day - DAY),
    "last_7_days": lambda day: (day - 7 * DAY, day - DAY),
    "last_30_days": lambda day: (day - 30 * DAY, day - DAY),
    "this_month": lambda day: (_month(day), day),
    "last_month": lambda day: (_month(day, 1), _month(day) - DAY),
    "this_year": lambda day: (date(day.year, 1, 1), day),
    "last_year": lambda day: (date(day.year - 1, 1, 1), date(day.year - 1, 12, 31)),
}


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _moment(text: str, name: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """The time, and whether it is a whole day's."""
    try:
        moment = datetime.fromisoformat(_BLANK_OFFSET.sub("+", text))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValueError
        return moment.astimezone(UTC), len(text) <= len("2015-09-05")
    except (ValueError, OverflowError):
        raise BadRequest(f"{name} must be a date such as 2026-01-31, or a time such as 2026-01-31T09:00.") from None


def _after(text: str, zone: ZoneInfo) -> datetime:
    """An end is inclusive: a day to its last moment, a time to the end of what it is exact to."""
    moment, whole_day = _moment(text, "end_date", zone)
    if whole_day:
        return _midnight(moment.astimezone(zone).date() + DAY, zone)
    exact_to = timedelta(minutes=1) if re.fullmatch(r".{10}[T ]\d\d:\d\d", text) else timedelta(seconds=1)
    return moment + (exact_to if not moment.microsecond else timedelta(microseconds=1))
