"""Whole months of a range as they were counted in the background (`month_upkeep.py`), and the calls outside of them."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from . import call_sums
from .call_queries import CallQuery
from .counted_days import DAY, Counted, changed_days, first_day, is_counted, last_day, midnight
from .dates import Range
from .models import CallMonth, CallMonthState

SHORTEST = timedelta(days=28)


def counted_months(query: CallQuery) -> Counted | None:
    """None where no month helps."""
    start, end = query.range.start, query.range.end
    if query.in_months is None or (start and end and end - start < SHORTEST) or not is_counted(query.company):
        return None
    zone = ZoneInfo(query.company.time_zone)
    first = first_day(start, zone)
    if first and first.day > 1:
        first = following(first)
    beyond = last_day(end, zone)
    last = (beyond + DAY).replace(day=1) - DAY if beyond else None
    if first and last and first > last:
        return None
    # The marks before the states: who takes a mark away says first that the month has changed.
    changed = changed_days(query, first, last, zone)
    if changed is None:
        return None
    states = CallMonthState.objects.filter(company=query.company, counted=True)
    if first:
        states = states.filter(month__gte=first)
    if last:
        states = states.filter(month__lte=last)
    months = sorted(set(states.values_list("month", flat=True)) - {day.replace(day=1) for day in changed})
    if not months:
        return None
    rows = CallMonth.objects.filter(query.in_months, company=query.company, month__in=months)
    return Counted(rows, "month", call_sums.OF_DAYS, _rest(query.range, months, zone))


def following(day: date) -> date:
    """The first day of the next month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _rest(range_: Range, months: list[date], zone: ZoneInfo) -> Q:
    """The calls before, between and after the months."""
    rest, reached = Q(pk__in=()), range_.start
    for month in months:
        begins = midnight(month, zone)
        if reached is None:
            rest |= Q(start_time__lt=begins)
        elif reached < begins:
            rest |= Q(start_time__gte=reached, start_time__lt=begins)
        reached = midnight(following(month), zone)
    return rest if reached == range_.end else rest | Q(start_time__gte=reached)
