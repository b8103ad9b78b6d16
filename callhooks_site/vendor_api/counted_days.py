"""Whole days of a range as they were counted in the background (`totals_upkeep.py`), and the calls outside of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from subscriptions.models import Company

from . import call_sums
from .call_queries import CallQuery
from .dates import Range
from .models import CallDay, CallDayBySource, CallTotalMark, CallTotalState

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Days that changed since they were counted, and are read from the calls: more of them, and all is.
MOST_CHANGED = 31
MOST_MARKS = MOST_CHANGED * 24
SHORT = timedelta(days=2)


@dataclass(frozen=True)
class Split:
    """Which days are taken as counted, and which calls are looked at."""

    days: Q
    calls: Q


@dataclass(frozen=True)
class Counted:
    """The rows of the days or months that are taken as counted, and how they are summed; `calls` are those that are not
    in them."""

    rows: QuerySet[Any]
    time: str  # their column for it
    sums: dict[str, Any]
    calls: Q


def counted_days(query: CallQuery, by: tuple[str, ...]) -> Counted | None:
    """None where the calls themselves have to be asked, or are asked as quickly."""
    model: Any
    if query.in_days is not None and "source" not in by:
        model, filters, sums = CallDay, query.in_days, call_sums.OF_DAYS
    elif query.in_sources is not None:
        model, filters, sums = CallDayBySource, query.in_sources, call_sums.OF_SOURCES
    else:
        return None
    split = split_of(query)
    if split is None:
        return None
    return Counted(model.objects.filter(split.days, filters, company=query.company), "day", sums, split.calls)


def split_of(query: CallQuery) -> Split | None:
    start, end = query.range.start, query.range.end
    if start and end and end - start <= SHORT:
        return None
    company = query.company
    if not is_counted(company):
        return None
    zone = ZoneInfo(company.time_zone)
    first, last = first_day(start, zone), last_day(end, zone)
    if first and last and first > last:
        return None
    changed = changed_days(query, first, last, zone)
    if changed is None:
        return None
    days = Q()
    if first:
        days &= Q(day__gte=first)
    if last:
        days &= Q(day__lte=last)
    if changed:
        days &= ~Q(day__in=changed)
    return Split(days, _rest(query.range, first, last, changed, zone))


def is_counted(company: Company) -> bool:
    return CallTotalState.objects.filter(company=company, complete=True, time_zone=company.time_zone).exists()


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def first_day(start: datetime | None, zone: ZoneInfo) -> date | None:
    """The first day that is wholly in the range."""
    if start is None:
        return None
    day = start.astimezone(zone).date()
    return day if midnight(day, zone) == start else day + DAY


def last_day(end: datetime | None, zone: ZoneInfo) -> date | None:
    return end.astimezone(zone).date() - DAY if end is not None else None


def changed_days(query: CallQuery, first: date | None, last: date | None, zone: ZoneInfo) -> list[date] | None:
    """The days from the first to the last that a mark is about; None for too many."""
    marks = Range(
        midnight(first, zone) - HOUR if first else None, midnight(last + DAY, zone) if last else None
    ).on(CallTotalMark.objects.filter(company=query.company), "hour")  # fmt: skip
    hours = list(marks.order_by("hour").values_list("hour", flat=True).distinct()[: MOST_MARKS + 1])
    moments = {moment for hour in hours for moment in (hour, hour + HOUR - timedelta(microseconds=1))}
    days = {moment.astimezone(zone).date() for moment in moments}
    inside = sorted(day for day in days if (not first or day >= first) and (not last or day <= last))
    return None if len(hours) > MOST_MARKS or len(inside) > MOST_CHANGED else inside


def _rest(range_: Range, first: date | None, last: date | None, changed: list[date], zone: ZoneInfo) -> Q:
    """The calls of changed days, and of the parts of days at the ends."""
    rest = Q(pk__in=())
    for day in changed:
        rest |= Q(start_time__gte=midnight(day, zone), start_time__lt=midnight(day + DAY, zone))
    if range_.start and first and range_.start < midnight(first, zone):
        rest |= Q(start_time__gte=range_.start, start_time__lt=midnight(first, zone))
    if range_.end and last and midnight(last + DAY, zone) < range_.end:
        rest |= Q(start_time__gte=midnight(last + DAY, zone), start_time__lt=range_.end)
    return rest
