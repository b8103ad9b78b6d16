"""Lists that scan a limited number of rows and show how far back that reached; see `index_scans`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from . import times
from .index_scans import IndexScan

COUNT_LIMIT = 10_000
SEARCH_LIMIT = 1_000  # results of a search
BEFORE = "before"  # query parameter: the position to continue from


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most COUNT_LIMIT rows, since counting all would read all.

    `split`: conditions that divide the rows into parts with an efficient index scan each. `keys_first`: select primary
    keys before joining related rows on the first page too. Later pages always do that."""

    split: tuple[Q, ...] = ()
    keys_first = False

    @cached_property
    def counted(self) -> int:
        parts = [part.order_by().values("pk")[: COUNT_LIMIT + 1] for part in self._parts()]
        return int(_together(parts).count())

    @property
    def count(self) -> int:
        return min(self.counted, COUNT_LIMIT)

    @property
    def capped(self) -> bool:
        return self.counted > COUNT_LIMIT

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        rows: Any = self.object_list
        if self.split or first or self.keys_first:
            return Page(rows.filter(pk__in=self._keys(first, first + self.per_page)), number, self)
        return Page(rows[: self.per_page], number, self)

    def _parts(self) -> list[Any]:
        rows: Any = self.object_list
        return [rows.filter(part) for part in self.split] or [rows]

    def _keys(self, first: int, end: int) -> list[Any]:
        """Primary keys of the rows from `first` to `end`. Each part contributes up to `end` candidates."""
        rows: Any = self.object_list
        if not self.split:
            return list(rows.values_list("pk", flat=True)[first:end])
        order: tuple[str, ...] = rows.query.order_by
        names = {f"by{number}": F(field.lstrip("-")) for number, field in enumerate(order)}
        parts = [part.values(key=F("pk"), **names)[:end] for part in self._parts()]
        newest = [f"-{name}" if field.startswith("-") else name for name, field in zip(names, order, strict=True)]
        return [row["key"] for row in _together(parts).order_by(*newest)[first:end]]


def _together(parts: list[Any]) -> Any:
    return parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]


class SupportsIndexScan(Protocol):
    """What the list needs from its admin: see `LargeTableAdmin`."""

    search_is_indexed: bool

    def cached_index_scan(self, request: HttpRequest) -> IndexScan | None: ...
    def begins(self, request: HttpRequest) -> datetime | None: ...
    def chosen_filters(self, request: HttpRequest) -> set[str]: ...


class BoundedChangeList(ChangeList):
    model_admin: SupportsIndexScan  # type: ignore[assignment]
    before: Any = None  # the position to start from
    ends_at: Any = None  # where the scan stopped; None if it reached the end
    ends_at_time: datetime | None = None
    rows_scanned = ""
    _asked = ""
    _cut_at: Any = None
    by_arrival = False  # sorted by arrival, not by time

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Any]:
        # Not a filter. Changing a filter starts at the newest rows again.
        self.params.pop(BEFORE, None)
        self.filter_params.pop(BEFORE, None)
        self._asked = request.GET.get(BEFORE, "")
        return super().get_queryset(request, exclude_parameters)

    def get_query_string(self, new_params: Any = None, remove: Iterable[str] | None = None) -> str:
        turning = self._asked and PAGE_VAR in (new_params or {})
        return super().get_query_string({BEFORE: self._asked, **new_params} if turning else new_params, remove)

    def get_results(self, request: HttpRequest) -> None:
        scan = self.model_admin.cached_index_scan(request) if self._is_bounded() else None
        if scan is not None and scan.parts:
            if self._asked:
                try:
                    self.before = scan.parse_position(self._asked)
                except ValidationError as error:
                    raise IncorrectLookupParameters from error
            if self.query or len(scan.parts) > 1 or self.model_admin.chosen_filters(request) - scan.served:
                self._set_end(scan, self.model_admin.begins(request))
            self.queryset = self.queryset.filter(scan.narrowed, scan.cut(before=self.before, ends_at=self._cut_at))
            self.rows_scanned = f"{scan.bound:,}"
            self.by_arrival = scan.by == "pk" and not scan.time
        super().get_results(request)
        if not self.multi_page:
            self.result_list = self.paginator.page(1).object_list  # selects the rows as for a page

    def _set_end(self, scan: IndexScan, begins: datetime | None) -> None:
        self._cut_at, time = scan.ends_at(self.before) or (None, None)
        if time is None or begins is None or time >= begins:
            self.ends_at, self.ends_at_time = self._cut_at, time

    def _is_bounded(self) -> bool:
        return not (self.query and self.model_admin.search_is_indexed)

    @property
    def without_search(self) -> str:
        return self.get_query_string(remove=[SEARCH_VAR])

    @property
    def search_limit_reached(self) -> str:
        """SEARCH_LIMIT if the search may have more results, else empty."""
        return f"{SEARCH_LIMIT:,}" if self.query and self.ends_at is None and self.result_count >= SEARCH_LIMIT else ""

    @property
    def older_url(self) -> str:
        """URL of the older rows, if the pages reach the end of the scan."""
        if self.ends_at is None or self.paginator.capped:
            return ""
        place = self.ends_at.isoformat() if isinstance(self.ends_at, datetime) else str(self.ends_at)
        return self.get_query_string({BEFORE: place})

    @property
    def newest_url(self) -> str:
        return self.get_query_string() if self.before is not None else ""

    @property
    def scanned_back_to(self) -> str:
        return times.time_tag(self.ends_at_time) if self.ends_at_time else ""

    @property
    def begins(self) -> str:
        return times.time_tag(self.before) if isinstance(self.before, datetime) else ""
