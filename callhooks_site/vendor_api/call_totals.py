"""Counts and sums of calls: of whole days and months as they were counted in the background, of the rest from the calls
themselves. Two years of a million calls are read as some ten thousand rows, and the answer is exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet

from calls.models import Call

from .call_queries import CallQuery, first_calls
from .call_sums import OF_CALLS, OF_FIRST_CALLS, Sums, needed
from .counted_days import counted_days
from .counted_months import counted_months

Moment = Callable[[str], Any]  # makes an expression of the column that holds the time


def count_of(query: CallQuery, rows: QuerySet[Call]) -> int:
    return sums_of(query, rows, names=())[()].calls


def sums_of(
    query: CallQuery, rows: QuerySet[Call], *by: str, names: Sequence[str], moment: Moment | None = None
) -> dict[tuple[Any, ...], Sums]:
    """The sums that `names` are made of, for each value of the columns `by`, or for each `moment`."""
    first = "first_time_callers" in names
    counted = None if first else counted_days(query, by) or counted_months(query)
    found: dict[tuple[Any, ...], Sums] = {}

    def add(rows: Any, sums: dict[str, Any], time: str) -> None:
        if not (by or moment):
            found.setdefault((), Sums()).add(rows.order_by().aggregate(**sums))
            return
        named = {"moment": moment(time)} if moment else {}
        for row in rows.order_by().values(*by, **named).annotate(**sums):
            found.setdefault(tuple(row[key] for key in (*by, *named)), Sums()).add(row)

    if counted is not None:
        add(counted.rows, needed(counted.sums, names), counted.time)
        rows = rows.filter(counted.calls)
    add(rows, needed(OF_CALLS, names), "start_time")
    if first:  # apart from the others: joined, they take half the time of a question for each call
        add(rows.filter(first_calls()), OF_FIRST_CALLS, "start_time")
    return found
