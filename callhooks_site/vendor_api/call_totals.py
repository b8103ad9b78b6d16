"""Counts and sums of calls: of whole days as they were counted in the background (`totals_upkeep.py`), of the rest from
the calls themselves. Two years of a million calls are read as some ten thousand rows, and the answer is exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from calls.models import Call

from . import call_sums
from .call_queries import CallQuery
from .call_sums import OF_CALLS, Sums, needed, of_first_calls
from .dates import Range
from .models import CallDay, CallDayBySource, CallTotalMark, CallTotalState

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# Days that changed since they were counted, and are read from the calls: more of them, and all is.
MOST_CHANGED = 31
MOST_MARKS = MOST_CHANGED * 24
SHORT = timedelta(days=2)
Moment = Callable[[str], Any]  # makes an expression of the column that holds the time


@dataclass(frozen=True)
class Split:
    """Which days are taken as counted, and which calls are looked at."""

    days: Q
    calls: Q


@dataclass(frozen=True)
class Counted:
    """The rows of the days that are taken as counted, and how they are summed."""

    rows: QuerySet[Any]
    sums: dict[str, Any]
    calls: Q


def sums_of(
    query: CallQuery, rows: QuerySet[Call], *by: str, names: Sequence[str], moment: Moment | None = None
) -> dict[tuple[Any, ...], Sums]:
    """The sums that `names` are made of, for each value of the columns `by`, or for each `moment`."""
    first = "first_time_callers" in names
    counted = None if first else counted_of(query, by)
    found: dict[tuple[Any, ...], Sums] = {}

    def add(rows: Any, sums: dict[str, Any], time: str) -> None:
        if not (by or moment):
            found.setdefault((), Sums()).add(rows.order_by().aggregate(**sums))
            return
        named = {"moment": moment(time)} if moment else {}
        for row in rows.order_by().values(*by, **named).annotate(**sums):
            found.setdefault(tuple(row[key] for key in (*by, *named)), Sums()).add(row)

    if counted is not None:
        add(counted.rows, needed(counted.sums, names), "day")
        rows = rows.filter(counted.calls)
    wanted = needed(OF_CALLS, names)
    if first:
        rows, more = of_first_calls(rows)
        wanted |= more
    add(rows, wanted, "start_time")
    return found


def counted_of(query: CallQuery, by: tuple[str, ...]) -> Counted | None:
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
    return Counted(model.objects.filter(split.days, filters, company=query.company), sums, split.calls)


def split_of(query: CallQuery) -> Split | None:
    start, end = query.range.start, query.range.end
    if start and end and end - start <= SHORT:
        return None
    company = query.company
    if not CallTotalState.objects.filter(company=company, complete=True, time_zone=company.time_zone).exists():
        return None
    zone = ZoneInfo(company.time_zone)
    first, last = _first_day(start, zone), _last_day(end, zone)
    if first and last and first > last:
        return None
    changed = _changed_days(query, first, last, zone)
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


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _first_day(start: datetime | None, zone: ZoneInfo) -> date | None:
    """The first day that is wholly in the range."""
    if start is None:
        return None
    day = start.astimezone(zone).date()
    return day if midnight(day, zone) == start else day + DAY


def _last_day(end: datetime | None, zone: ZoneInfo) -> date | None:
    return end.astimezone(zone).date() - DAY if end is not None else None


def _changed_days(query: CallQuery, first: date | None, last: date | None, zone: ZoneInfo) -> list[date] | None:
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
