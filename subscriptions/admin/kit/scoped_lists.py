"""Lists that reveal nothing about other companies. Part of TenantAdmin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from ...models import Company
from ...tenancy.access import access_of
from .filters import CompanyFilter, is_id
from .rights import ScopedRows, use_zone

MAX_SEARCH_LENGTH, MAX_SEARCH_WORDS = 200, 8  # of a search


class ScopedLists(ScopedRows):
    menu = ""  # the entry of the menu: see `menu.ENTRIES`
    menu_order = 50  # within the entry
    menu_name = ""  # in the menu; the plural of the model if empty
    cells: dict[str, str] = {}  # how the columns look: see `lists`

    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    @admin.display(description="company")
    def company_name(self, obj: Any) -> str:
        company: Company | None = self.company_of(obj)  # None for operators' keys and actions
        return company.name if company else ""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        return [*columns, "company_name"] if self.has_company and access_of(request).several else columns

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        declared = list(super().get_list_filter(request))
        return [CompanyFilter, *declared] if self.has_company and access_of(request).several else declared

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        if request is None or "\x00" in str(value):
            return False
        return any(lookup in self._parameters(item) for item in self.get_list_filter(request))

    def _parameters(self, item: Any) -> set[str]:
        if isinstance(item, type) and issubclass(item, SimpleListFilter):
            return {str(item.parameter_name)}
        if not isinstance(item, str) or "__" in item or self.opts.get_field(item).is_relation:
            raise ImproperlyConfigured(
                f"{self}: the filter {item!r} would list other companies' rows. Use related_filter."
            )
        return {f"{item}__exact", f"{item}__isnull"}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        # Each word adds a condition, so their number is limited. PostgreSQL text cannot contain NUL.
        term = " ".join(search_term.replace("\x00", "")[:MAX_SEARCH_LENGTH].split()[:MAX_SEARCH_WORDS])
        return super().get_search_results(request, queryset, term)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if any("\x00" in key for key in request.POST.getlist("_selected_action")):
            raise SuspiciousOperation("A selected key contains NUL.")
        chosen = request.GET.get("company", "")
        if is_id(chosen):
            zones = access_of(request).limit(Company.objects.filter(pk=int(chosen)), "pk")
            for zone in zones.values_list("time_zone", flat=True):
                use_zone(zone)
        return super().changelist_view(request, {"title": self.list_title(request), **(extra_context or {})})

    def menu_label(self, request: HttpRequest) -> str:
        """What the page is called in the menu."""
        return self.menu_name or capfirst(str(self.opts.verbose_name_plural))

    def list_title(self, request: HttpRequest) -> str:
        """The title above the list."""
        return self.menu_label(request)
