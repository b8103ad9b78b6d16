"""Read times as phone systems and spreadsheets write them. No Django."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal, get_args
from zoneinfo import ZoneInfo

DateOrder = Literal["iso", "us", "eu"]  # year first only; month/day/year; day/month/year
DATE_ORDERS: tuple[DateOrder, ...] = get_args(DateOrder)

# Call logs of North America write these. All are fixed offsets.
_ABBREVIATIONS = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_ZONE = rf"\(?(?P<zone>Z|UTC|GMT|{'|'.join(_ABBREVIATIONS)}|[+-]\d\d:?\d\d)\)?"
_CLOCK = re.compile(
    r"(?<![\d:])(?P<hour>\d{1,2}):(?P<minute>\d\d)(:(?P<second>\d\d)([.,](?P<fraction>\d{1,9}))?)?"
    rf"(\s?(?P<half>[ap])\.?m\.?(?![a-z]))?(\s?{_ZONE}(?![a-z\d]))?(?![\d:])",
    re.IGNORECASE,
)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAY_AND_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ .-]+([a-z]{3,9})[ .,-]+(\d{4})", re.IGNORECASE)
_MONTH_AND_DAY = re.compile(r"([a-z]{3,9})[ .]+(\d{1,2})(?:st|nd|rd|th)?[ ,]+(\d{4})", re.IGNORECASE)
_WEEKDAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*[., ]+", re.IGNORECASE)
_LONGEST = 200  # characters of a time; expressions take ever longer to find nothing in more
_EPOCH = re.compile(r"(\d{10})(\d{3})?(\.\d+)?")  # seconds or milliseconds since 1970


class UnclearDate(ValueError):
    """The order of day and month is not known, or not the chosen one. The message says what to do."""


def read_time(text: str, zone: ZoneInfo, order: DateOrder) -> datetime | None:
    """The moment, in `zone` where the text names no other; None if this is not a date with a time. Raises UnclearDate
    and ValueError (30 February)."""
    if len(text) > _LONGEST:
        return None
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    clock = _CLOCK.search(text)
    if clock is None:
        return None
    rest = f"{text[: clock.start()]} {text[clock.end() :]}"
    rest = re.sub(r"\s+at\s*$", "", _WEEKDAY.sub("", rest).strip(" ,T").rstrip())
    day = _read_date(rest.strip(" ,"), order)
    if day is None:
        return None
    hour, half = int(clock["hour"]), (clock["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(f"There is no hour {hour} {half}m.")
        hour = hour % 12 + (12 if half == "p" else 0)
    micro = int((clock["fraction"] or "").ljust(6, "0")[:6])
    naive = datetime(*day, hour, int(clock["minute"]), int(clock["second"] or 0), micro)  # noqa: DTZ001
    return naive.replace(tzinfo=_offset(clock["zone"]) or zone)


def may_be_time(text: str) -> bool:
    """Whether a short text has a time of day in it."""
    return len(text) < 50 and _CLOCK.search(text) is not None


def order_of(dates: list[str]) -> DateOrder | None:
    """The order that these texts have; None if they fit both. `iso` if none has a day and a month before its year."""
    found = [match for text in dates if (match := _YEAR_LAST.search(text)) and not _YEAR_FIRST.search(text)]
    if not found:
        return "iso"
    if any(int(match[3]) > 12 for match in found):
        return "us"
    if any(int(match[1]) > 12 or match[2] == "." for match in found):
        return "eu"
    return None


def _read_date(text: str, order: DateOrder) -> tuple[int, int, int] | None:
    if match := _YEAR_FIRST.fullmatch(text):
        return int(match[1]), int(match[3]), int(match[4])
    if match := _YEAR_LAST.fullmatch(text):
        year = int(match[4])
        if len(match[4]) == 2:
            year += 2000 if year < 70 else 1900
        first, second = int(match[1]), int(match[3])
        if match[2] == "." or order == "eu":  # nobody writes the month first with dots
            return year, _month(second, text, "day"), first
        if order == "iso":
            raise UnclearDate(f"{text} has no clear order. Say whether dates are month/day/year or day/month/year.")
        return year, _month(first, text, "month"), second
    if match := _DAY_AND_MONTH.fullmatch(text):
        day, name, year_text = match[1], match[2], match[3]
    elif match := _MONTH_AND_DAY.fullmatch(text):
        name, day, year_text = match[1], match[2], match[3]
    else:
        return None
    month = name[:3].lower()
    return (int(year_text), _MONTHS.index(month) + 1, int(day)) if month in _MONTHS else None


def _month(number: int, text: str, first: str) -> int:
    if number > 12:
        raise UnclearDate(f"{text} has no month {number} if the {first} comes first. Choose the other order of dates.")
    return number


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    name = text.upper()
    if name in ("Z", "UTC", "GMT"):
        return UTC
    if name in _ABBREVIATIONS:
        return timezone(timedelta(hours=_ABBREVIATIONS[name]))
    digits = name[1:].replace(":", "")
    length = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-length if name[0] == "-" else length)
