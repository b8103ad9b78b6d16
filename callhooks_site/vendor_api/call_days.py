"""How many calls of a list began on each day, and by that where a page of it is: a page far behind, or one of rare
calls, is read without reading what lies before and between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDay

from calls.models import Call

from .call_queries import CallQuery
from .call_totals import count_of
from .counted_days import counted_days, midnight
from .paging import Order

DAY = timedelta(days=1)
# Statements for one page. Days that are close to each other are read together, until there are at most so many.
MOST_RUNS = 40
Place = tuple[int, datetime]


class CallDays:
    def __init__(self, query: CallQuery, rows: QuerySet[Call]) -> None:
        self._rows, self._query = rows, query
        self._zone = ZoneInfo(query.company.time_zone)

    @cached_property
    def counts(self) -> dict[date, int] | None:
        """None where the days do not tell."""
        counted = counted_days(self._query, ())
        if counted is None:
            return None
        found: dict[date, int] = dict(counted.rows.order_by().values_list("day").annotate(number=Sum("calls")))
        day = TruncDay("start_time", tzinfo=self._zone)
        others = self._rows.filter(counted.calls).order_by().values_list(day).annotate(number=Count("pk"))
        for moment, number in others:
            found[moment.date()] = found.get(moment.date(), 0) + number
        return found

    def count(self, rows: QuerySet[Call]) -> int:
        return count_of(self._query, rows) if self.counts is None else sum(self.counts.values())

    def find(self, rows: QuerySet[Call], order: Order, first: int, most: int, after: datetime | None) -> list[Place]:
        """Keys and times of `most` rows from the `first` on. `after`: the rows begin in the list at this time."""
        found: list[Place] = []
        days = self._days(order, after)
        while days and after is None and first >= days[0][1]:
            first -= days.pop(0)[1]
        for newest, oldest in _runs([day for day, _ in self._enough(days, first + most, after)]):
            part = rows.filter(start_time__gte=midnight(oldest, self._zone),
                               start_time__lt=midnight(newest + DAY, self._zone))  # fmt: skip
            wanted = part.order_by(*order.names).values_list("pk", "start_time")
            found += wanted[first : first + most - len(found)]
            first = 0
        return found

    def _days(self, order: Order, after: datetime | None) -> list[tuple[date, int]]:
        """The days that have calls, in the order of the list."""
        days = sorted(((day, number) for day, number in (self.counts or {}).items() if number), reverse=order.down)
        if after is None:
            return days
        begins = after.astimezone(self._zone).date()
        return [(day, number) for day, number in days if (day <= begins if order.down else day >= begins)]

    def _enough(
        self, days: Sequence[tuple[date, int]], most: int, after: datetime | None
    ) -> Iterator[tuple[date, int]]:
        """As many days as have `most` calls. Of the day of `after` nobody knows how many lie behind it."""
        begins = after.astimezone(self._zone).date() if after else None
        for day, number in days:
            if most <= 0:
                return
            yield day, number
            most -= number if day != begins else 0


def _runs(days: list[date]) -> list[tuple[date, date]]:
    """Newest and oldest day of what is read together, in the order of the days."""
    gap = DAY
    while True:
        runs: list[tuple[date, date]] = []
        for day in days:
            if runs and abs(runs[-1][-1] - day) <= gap:
                runs[-1] = (runs[-1][0], day)
            else:
                runs.append((day, day))
        if len(runs) <= MOST_RUNS:
            return [(max(run), min(run)) for run in runs]
        gap *= 2
