"""Calls over time: the same sums for each hour, day, week, month or year."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import DateField
from django.db.models.functions import Trunc
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from .call_sums import Sums, names_of
from .call_totals import sums_of
from .counted_days import midnight
from .errors import BadRequest
from .summing import Summing

MOST_POINTS = 200
INTERVALS = {name: name for name in ("hour", "day", "week", "month", "year")}


class CallsTimeseries(Summing):
    def get(self, request: Request, account: str) -> Response:
        names = names_of(self.params.many("fields"))
        interval = self.params.choice("interval", INTERVALS) or "day"
        query, rows = self.query()
        if not query.in_index or "first_time_callers" in names:
            rows = query.bounded("This filter or field", rows)
        zone = ZoneInfo(self.context.zone)
        first = None if query.range.start else self.first(query.in_range, "start_time")
        start, end = query.range.start or first or timezone.now(), query.range.end or timezone.now()
        points = list(_points(start, end, interval, zone))
        # Hours are those of UTC: where clocks are set back there are two of the same name.
        of_points = ZoneInfo("UTC") if interval == "hour" else zone
        if interval == "hour" or str(zone) != query.company.time_zone:
            query.ask_calls()  # what is counted are days of the company's zone
        elif interval not in ("month", "year"):
            query.in_months = None

        def moment(time: str) -> Trunc:
            if time != "start_time":
                return Trunc(time, interval, output_field=DateField())
            return Trunc(time, interval, tzinfo=of_points)

        found: dict[datetime, Sums] = {}
        for (point,), sums in sums_of(query, rows, names=names, moment=moment).items():
            at = point if isinstance(point, datetime) else midnight(point, zone)
            found.setdefault(at, Sums()).add({f"sum_{name}": value for name, value in vars(sums).items()})
        data = [{"date": _point_text(each, interval, zone), **found.get(each, Sums()).shown(names)} for each in points]
        total = Sums()
        for sums in found.values():
            total.add({f"sum_{name}": value for name, value in vars(sums).items()})
        return Response({**self.told_range(query.range, first), "total_results": total.shown(names), "data": data})


_STEPS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day + timedelta(days=1),
    "week": lambda day: day + timedelta(days=7),
    "month": lambda day: date(day.year + day.month // 12, day.month % 12 + 1, 1),
    "year": lambda day: date(day.year + 1, 1, 1),
}


def _points(start: datetime, end: datetime, interval: str, zone: ZoneInfo) -> Iterator[datetime]:
    """The beginnings of all intervals from start to end. Raises BadRequest for more than MOST_POINTS."""
    for number, point in enumerate(_every_point(start, end, interval, zone), start=1):
        if number > MOST_POINTS:
            raise BadRequest(
                f"This range has more than {MOST_POINTS} points. Choose a longer interval or a shorter range, or split "
                "it into several requests."
            )
        yield point


def _every_point(start: datetime, end: datetime, interval: str, zone: ZoneInfo) -> Iterator[datetime]:
    if interval == "hour":
        hour = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        while hour < end:
            yield hour
            hour += timedelta(hours=1)
        return
    day = start.astimezone(zone).date()
    if interval == "week":
        day -= timedelta(days=day.weekday())
    elif interval != "day":
        day = day.replace(day=1, month=1 if interval == "year" else day.month)
    while (point := datetime(day.year, day.month, day.day, tzinfo=zone)) < end:
        yield point
        day = _STEPS[interval](day)


def _point_text(point: datetime, interval: str, zone: ZoneInfo) -> str:
    local = point.astimezone(zone)
    return local.strftime("%Y-%m-%dT%H:%M:%S%z") if interval == "hour" else f"{local:%Y-%m-%d}"
