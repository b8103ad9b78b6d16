"""Reads a page of the list: the newest rows of three tables, merged. Each table is read along its index by company and
time, so a page costs what it shows; filters that no index serves look at a limited number of rows and say how far that
reached. A table of its own for the list would have to be written by every save."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Count, F, IntegerField, Value
from django.db.models.functions import TruncDate
from django.utils import timezone

from subscriptions.replica.reading import Reader

from . import searching
from .filters import MOST_PAGES, OLDEST, Filters, rows_of
from .kinds import KINDS, Kind

PAGE_SIZE = 50
COUNT_LIMIT = MOST_PAGES * PAGE_SIZE
# Rows that a page looks at where no index serves a filter: as in other lists (`index_scans`), shared by three tables.
SCAN_LIMIT = 50_000
TICK = timedelta(microseconds=1)  # what PostgreSQL's times are exact to


@dataclass(frozen=True)
class Key:
    at: datetime
    kind: Kind
    pk: int


@dataclass
class Listed:
    """A page. `counts`: rows by kind, COUNT_LIMIT + 1 for more. `reaches`: where a scan stopped; None at the end."""

    keys: list[Key]
    counts: dict[str, int] = field(default_factory=dict)
    days: dict[date, int] = field(default_factory=dict)
    reaches: datetime | None = None
    searched: bool = False  # the newest results of a search

    @property
    def count(self) -> int:
        return min(sum(self.counts.values()), COUNT_LIMIT)

    @property
    def capped(self) -> bool:
        return sum(self.counts.values()) > COUNT_LIMIT


def read_page(filters: Filters, company: int) -> Listed:
    size = PAGE_SIZE
    if filters.words:
        return _search(filters, company, size)
    reaches = scan_end(filters, company) if filters.scans else None
    parts = parts_of(filters, company, reaches)
    first = (filters.page - 1) * size
    keys = merge(parts, filters.sort, first, first + size)
    counts = {kind.name: count(rows, COUNT_LIMIT + 1) for kind, rows in parts}
    listed = Listed(keys, counts, reaches=reaches)
    listed.days = _count_days(parts, keys)
    return listed


def parts_of(filters: Filters, company: int, reaches: datetime | None = None) -> list[tuple[Kind, Any]]:
    """The rows of each kind, back to where the scan stops."""
    found = []
    for kind in filters.chosen:
        rows = rows_of(kind, filters, company)
        if rows is not None:
            if reaches is not None:
                rows = rows.filter(**{f"{kind.time}__{'lte' if filters.sort == OLDEST else 'gte'}": reaches})
            found.append((kind, rows))
    return found


def merge(parts: list[tuple[Kind, Any]], sort: str, first: int, end: int) -> list[Key]:
    """The keys of the rows from `first` to `end`; each kind brings at most `end`."""
    back = "" if sort == OLDEST else "-"
    queries = [
        rows.order_by(f"{back}{kind.time}", f"{back}pk").values(
            at=F(kind.time), number=Value(KINDS.index(kind), IntegerField()), key=F("pk")
        )[:end]
        for kind, rows in parts
    ]
    if not queries:
        return []
    together = queries[0]  # in order already
    if len(queries) > 1:
        together = together.union(*queries[1:], all=True).order_by(f"{back}at", f"{back}number", f"{back}key")
    return [Key(row["at"], KINDS[row["number"]], row["key"]) for row in together[first:end]]


def count(rows: Any, limit: int) -> int:
    return int(rows.order_by().values("pk")[:limit].count())


def scan_end(filters: Filters, company: int, most: int | None = None) -> datetime | None:
    """The time of the last row that may be looked at, in the order of the list; None if the scan reaches the end."""
    plain = replace(filters, outcome="", source="", tracker=None, tag=None)
    kinds = [kind for kind, _ in parts_of(filters, company)]
    back = "" if filters.sort == OLDEST else "-"
    share = (SCAN_LIMIT if most is None else most) // max(1, len(kinds))
    stops = []
    for kind in kinds:
        rows = rows_of(kind, plain, company).order_by(f"{back}{kind.time}", f"{back}pk")
        stops += rows.values_list(kind.time, flat=True)[share : share + 1]
    return (min if filters.sort == OLDEST else max)(stops, default=None)


def read_on(filters: Filters, company: int, reader: Reader, *, size: int) -> Iterator[list[Key]]:
    """All rows, piece by piece, each along the indexes from where the last one ended."""
    if filters.words:
        found = reader.read(lambda: _search(filters, company, searching.MOST_FOUND)).keys
        yield from (found[first : first + size] for first in range(0, len(found), size))
        return
    shown: set[Key] = set()  # those of the last moment, where the next piece begins
    while True:
        asked = size + len(shown)
        reaches, keys = reader.read(partial(_read_piece, filters, company, asked))
        yield [key for key in keys if key not in shown]
        if len(keys) == asked:
            last = keys[-1].at
            shown = {key for key in keys if key.at == last}
            filters = replace(filters, before=last if filters.sort == OLDEST else last + TICK)
        elif reaches is not None:
            shown, filters = set(), replace(filters, before=beyond(reaches, filters))
        else:
            return


def _read_piece(filters: Filters, company: int, size: int) -> tuple[datetime | None, list[Key]]:
    """Where a scan stopped, and the first rows."""
    reaches = scan_end(filters, company) if filters.scans else None
    return reaches, merge(parts_of(filters, company, reaches), filters.sort, 0, size)


def beyond(reaches: datetime, filters: Filters) -> datetime:
    """`before` of the list that goes on where a scan stopped."""
    return reaches + TICK if filters.sort == OLDEST else reaches


def _count_days(parts: list[tuple[Kind, Any]], keys: list[Key]) -> dict[date, int]:
    """How many rows each day of the page has, those on other pages included."""
    if not keys:
        return {}
    moments = [key.at for key in keys]
    zone = timezone.get_current_timezone()
    first, last = (timezone.localtime(one).date() for one in (min(moments), max(moments)))
    begin = datetime.combine(first, datetime.min.time(), zone)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone)
    queries = [
        rows.filter(**{f"{kind.time}__gte": begin, f"{kind.time}__lt": end})
        .order_by()
        .values(day=TruncDate(kind.time, tzinfo=zone))
        .annotate(rows=Count("pk"))
        for kind, rows in parts
    ]
    found: dict[date, int] = {}
    for row in queries[0].union(*queries[1:], all=True):
        found[row["day"]] = found.get(row["day"], 0) + row["rows"]
    return found


def _search(filters: Filters, company: int, size: int) -> Listed:
    found = searching.find(filters, company)
    first = (filters.page - 1) * size
    counts = {kind.name: sum(key[1] == number for key in found) for number, kind in enumerate(KINDS)}
    keys = [Key(at, KINDS[number], pk) for at, number, pk in found[first : first + size]]
    return Listed(keys, counts, searched=True)
