"""Counts and sums of calls: of whole hours as they were counted in the background (`totals_upkeep.py`), of the rest
from the calls themselves. A year of a million calls is read as some thousand rows, and the answer is exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from calls.models import Call

from .call_queries import CallQuery
from .call_sums import OF_CALLS, OF_HOURS, Sums, of_first_calls
from .dates import Range
from .models import CallTotal, CallTotalMark, CallTotalState

HOUR = timedelta(hours=1)
# Hours that changed since they were counted, and are read from the calls: more of them, and all is.
MOST_CHANGED = 100
SHORT = timedelta(days=2)
Moment = Callable[[str], Any]  # makes an expression of the column that holds the time


@dataclass(frozen=True)
class Split:
    """Which hours are taken as counted, and which calls are looked at."""

    hours: Q
    calls: Q


def sums_of(
    query: CallQuery, rows: QuerySet[Call], *by: str, first: bool = False, moment: Moment | None = None
) -> dict[tuple[Any, ...], Sums]:
    """The sums for each value of the columns `by`, or for each `moment`."""
    split = None if first else split_of(query)
    found: dict[tuple[Any, ...], Sums] = {}

    def add(rows: Any, sums: dict[str, Any], time: str) -> None:
        keys = (*by, *(["moment"] if moment else []))
        named = {"moment": moment(time)} if moment else {}
        for row in rows.order_by().values(*by, **named).annotate(**sums):
            found.setdefault(tuple(row[key] for key in keys), Sums()).add(row)

    if split is not None:
        counted = CallTotal.objects.filter(split.hours, query.in_totals or Q(), company=query.company)
        if by or moment:
            add(counted, OF_HOURS, "hour")
        else:
            found.setdefault((), Sums()).add(counted.aggregate(**OF_HOURS))
        rows = rows.filter(split.calls)
    wanted = dict(OF_CALLS)
    if first:
        rows, more = of_first_calls(rows)
        wanted |= more
    if by or moment:
        add(rows, wanted, "start_time")
    else:
        found.setdefault((), Sums()).add(rows.aggregate(**wanted))
    return found


def count_of(query: CallQuery, rows: QuerySet[Call]) -> int:
    split = split_of(query)
    if split is None:
        return int(rows.count())
    counted = CallTotal.objects.filter(split.hours, query.in_totals or Q(), company=query.company)
    return int(counted.aggregate(sum_calls=OF_HOURS["sum_calls"])["sum_calls"] or 0) + rows.filter(split.calls).count()


def split_of(query: CallQuery) -> Split | None:
    """None where the calls themselves have to be asked, or are asked as quickly."""
    range_ = query.range
    start, end = range_.start, range_.end
    if query.in_totals is None or (start and end and end - start <= SHORT):
        return None
    if not CallTotalState.objects.filter(company=query.company, complete=True).exists():
        return None
    whole = Range(_hour_after(start), _hour_before(end))
    if whole.start and whole.end and whole.start >= whole.end:
        return None
    marks = whole.on(CallTotalMark.objects.filter(company=query.company), "hour")
    changed = list(marks.order_by("hour").values_list("hour", flat=True).distinct()[: MOST_CHANGED + 1])
    if len(changed) > MOST_CHANGED:
        return None
    hours = _between("hour", whole.start, whole.end)
    if changed:
        hours &= ~Q(hour__in=changed)
    return Split(hours, _rest(range_, whole, changed))


def _rest(range_: Range, whole: Range, changed: list[datetime]) -> Q:
    pieces = [(hour, hour + HOUR) for hour in changed]
    if range_.start and whole.start and range_.start < whole.start:
        pieces.append((range_.start, whole.start))
    if range_.end and whole.end and whole.end < range_.end:
        pieces.append((whole.end, range_.end))
    rest = Q(pk__in=())
    for start, end in pieces:
        rest |= _between("start_time", start, end)
    return rest


def _between(column: str, start: datetime | None, end: datetime | None) -> Q:
    condition = Q(**{f"{column}__gte": start}) if start else Q()
    return condition & Q(**{f"{column}__lt": end}) if end else condition


def _hour_before(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0) if moment else None


def _hour_after(moment: datetime | None) -> datetime | None:
    before = _hour_before(moment)
    return before if before is None or before == moment else before + HOUR
