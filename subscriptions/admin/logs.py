"""Logs of millions of rows: read only, counted up to a bound, sorted and searched by what an index serves."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from .reach import reach_of
from .tenancy import READ, TenantAdmin

MOST_COUNTED = 10_000
MOST_FOUND = 1_000  # rows that a search leads to


class BoundedPaginator(Paginator):
    """Counts no further than MOST_COUNTED: nobody turns that many pages, and counting all reads all."""

    @cached_property
    def counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: MOST_COUNTED + 1].count())

    @property
    def count(self) -> int:
        return min(self.counted, MOST_COUNTED)

    @property
    def capped(self) -> bool:
        return self.counted > MOST_COUNTED


class LargeTableAdmin(TenantAdmin):
    """A list over a large table. Subclasses find rows by a term in `find`."""

    paginator = BoundedPaginator
    show_full_result_count = False
    sortable_by = ()
    search_fields = ("pk",)  # shows the search box; `find` does the search
    newest_first: tuple[str, ...] = ("-created_at", "-pk")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # The indexes begin with the company. Across all companies the primary key is nearly the same order.
        if reach_of(request).everything and not request.GET.get("company"):
            return ("-pk",)
        return self.newest_first

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.replace("\x00", "").strip()
        return (self.find(request, queryset, term) if term else queryset), False

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        raise NotImplementedError

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if request.POST.get("select_across") == "1":
            self.message_user(request, "Choose what is on one page at a time.", messages.WARNING)
            return None
        return super().response_action(request, queryset)


class LogAdmin(LargeTableAdmin):
    """Rows that nobody edits."""

    member_rights = READ
    operator_rights = READ

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        return []  # a page of its own shows the row
