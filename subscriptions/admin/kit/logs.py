"""Lists over large tables: bounded counts, and sorting and searching along indexes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from ...tenancy.access import access_of
from .bounded_lists import COUNT_LIMIT, SEARCH_LIMIT, BoundedChangeList, BoundedPaginator
from .filters import SinceFilter
from .index_scans import IndexScan, asked_companies, split_by
from .tenancy import READ, TenantAdmin

__all__ = ["COUNT_LIMIT", "SEARCH_LIMIT", "LargeTableAdmin", "LogAdmin", "all_pages_chosen"]


AGENCY_SCAN_LIMIT = 25_000  # rows: that each belongs to one of thousands of companies is half of the work


def all_pages_chosen(request: HttpRequest) -> bool:
    """Whether an action applies to all pages. Django accepts nearly any text as yes."""
    return request.POST.get("select_across", "").strip().lower() not in ("", "0", "false")


class LargeTableAdmin(TenantAdmin):
    """A list over a large table. Subclasses implement the search in `find`. `indexed`: parameters of filters that an
    index serves, besides company and time. An index must serve `newest_first`."""

    sortable_by = ()
    search_fields = ("pk",)  # shows the search box; `find` runs the search
    newest_first: tuple[str, ...] = ("-created_at", "-pk")
    indexed: frozenset[str] = frozenset()
    time_follows_key = True  # rows are inserted roughly in order of time
    search_is_indexed = True  # if not, a search scans a limited number of rows too

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def index_scan(self, request: HttpRequest) -> IndexScan | None:
        """The index that serves this list. None if the list needs no limit."""
        time, companies = self.newest_first[0].lstrip("-"), asked_companies(request)
        if time == "pk":
            return None
        rows = self.model._default_manager.order_by(*self.newest_first)
        if companies is None:
            # The indexes start with the company. For all companies, the primary key gives nearly the same order.
            back = time if self.time_follows_key else ""
            most = AGENCY_SCAN_LIMIT if access_of(request).is_agency else None
            return IndexScan((rows.order_by("-pk"),), "pk", "pk", back, ("-pk",), frozenset(), most=most)
        parts = tuple(rows.filter(company=company) for company in companies)
        served = frozenset({"company", "since"}) | self.indexed
        return IndexScan(parts, time, time, time, self.newest_first, served, split=split_by(companies, "company"))

    def cached_index_scan(self, request: HttpRequest) -> IndexScan | None:
        """`index_scan`, computed once per request."""
        known: dict[str, IndexScan | None] = request.__dict__.setdefault("_index_scans", {})
        if self.opts.label not in known:
            known[self.opts.label] = self.index_scan(request)
        return known[self.opts.label]

    def get_paginator(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> BoundedPaginator:
        paginator = BoundedPaginator(queryset, *args, **kwargs)
        scan = (
            self.cached_index_scan(request) if queryset.model is self.model else None
        )  # a row's history is another model's
        if scan is not None and not request.GET.get("q", "").strip():
            paginator.split, paginator.keys_first = scan.split, scan.through is not None
        return paginator

    def chosen_filters(self, request: HttpRequest) -> set[str]:
        """The parameters of all active filters, including defaults."""
        chosen: set[str] = set()
        for item in self.get_list_filter(request):
            chosen |= {name for name in self._parameters(item) if request.GET.get(name)}
        return chosen | ({"since"} if self.begins(request) is not None else set())

    def begins(self, request: HttpRequest) -> datetime | None:
        """The start of the period, if the list has such a filter and it is set."""
        for item in self.get_list_filter(request):
            if isinstance(item, type) and issubclass(item, SinceFilter):
                return item.begins(request)
        return None

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        scan = self.cached_index_scan(request)
        return scan.order if scan is not None else self.newest_first

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.replace("\x00", "").strip()
        return (self.find(request, queryset, term) if term else queryset), False

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        raise NotImplementedError

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if all_pages_chosen(request):
            self.message_user(request, "Select rows of one page at a time.", messages.WARNING)
            return None
        return super().response_action(request, queryset)


class LogAdmin(LargeTableAdmin):
    """Read-only rows."""

    member_rights = READ
    operator_rights = READ

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        return []  # the template shows the row
