"""Logs of millions of rows: read only, counted up to a bound, sorted and searched by what an index serves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from .bounded_lists import COUNT_LIMIT, SEARCH_LIMIT, BoundedChangeList, BoundedPaginator
from .filters import SinceFilter
from .index_scans import IndexScan, asked_companies, split_by
from .tenancy import READ, TenantAdmin

__all__ = ["COUNT_LIMIT", "SEARCH_LIMIT", "LargeTableAdmin", "LogAdmin", "all_pages_chosen"]


def all_pages_chosen(request: HttpRequest) -> bool:
    """Whether an action is meant for all pages: Django takes nearly any text for a yes."""
    return request.POST.get("select_across", "").strip().lower() not in ("", "0", "false")


class LargeTableAdmin(TenantAdmin):
    """A list over a large table. Subclasses find rows by a term in `find`, and name in `indexed` the parameters of
    filters that an index serves (beside a company and a time, with `newest_first` such an index)."""

    show_full_result_count = False
    sortable_by = ()
    search_fields = ("pk",)  # shows the search box; `find` does the search
    newest_first: tuple[str, ...] = ("-created_at", "-pk")
    indexed: frozenset[str] = frozenset()
    time_follows_key = True  # a later row has a later time, but for moments
    search_is_indexed = True  # else a search, too, looks through a bounded number of rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList

    def index_scan(self, request: HttpRequest) -> IndexScan | None:
        """The index that this list is read along; None where nothing has to be bounded."""
        time, companies = self.newest_first[0].lstrip("-"), asked_companies(request)
        if time == "pk":
            return None
        rows = self.model._default_manager.order_by(*self.newest_first)
        if companies is None:
            # The indexes begin with the company. Across all companies the primary key is nearly the same order.
            back = time if self.time_follows_key else ""
            return IndexScan((rows.order_by("-pk"),), "pk", "pk", back, ("-pk",), frozenset())
        parts = tuple(rows.filter(company=company) for company in companies)
        served = frozenset({"company", "since"}) | self.indexed
        return IndexScan(parts, time, time, time, self.newest_first, served, split=split_by(companies, "company"))

    def cached_index_scan(self, request: HttpRequest) -> IndexScan | None:
        """The same for this request, worked out once: the list's order, its pages and its bound all go by it."""
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
        """The parameters of the filters that are set, by choice or because they always are."""
        chosen: set[str] = set()
        for item in self.get_list_filter(request):
            chosen |= {name for name in self._parameters(item) if request.GET.get(name)}
        return chosen | ({"since"} if self.begins(request) is not None else set())

    def begins(self, request: HttpRequest) -> datetime | None:
        """The time from which on rows are shown, if the list has such a filter and it is set."""
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
            self.message_user(request, "Choose what is on one page at a time.", messages.WARNING)
            return None
        return super().response_action(request, queryset)


class LogAdmin(LargeTableAdmin):
    """Rows that nobody edits."""

    member_rights = READ
    operator_rights = READ

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        return []  # a page of its own shows the row
