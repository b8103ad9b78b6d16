"""Choices among more rows than a list can show: Django's field that searches, and what it is answered.

Operators and agencies have the rows of thousands of companies; a list of twenty thousand is a page of a megabyte.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import QuerySet

from ...tenancy.access import access_of

MOST_OFFERED = 50  # in one list; more than somebody reads
SEARCH_TEXT = "Type to search"


def is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 18


def too_many(rows: QuerySet[Any]) -> bool:
    return rows.order_by()[: MOST_OFFERED + 1].count() > MOST_OFFERED


def has_company(model: type[models.Model]) -> bool:
    try:
        return bool(model._meta.get_field("company").is_relation)
    except FieldDoesNotExist:
        return False


def can_search(model: type[models.Model]) -> bool:
    """Whether the model has a page, whose search the field uses."""
    page = admin.site._registry.get(model)
    return page is not None and bool(page.search_fields)


class SearchSelect(AutocompleteSelect):
    """`company`: it offers the rows of this one only. `empty_text`: shown while nothing is chosen."""

    company: int | None = None
    empty_text = SEARCH_TEXT

    def __init__(self, field: Any, attrs: dict[str, Any] | None = None) -> None:
        """`field`: the relation of a model whose page says which rows may be chosen."""
        super().__init__(field, admin.site, attrs)

    def get_url(self) -> str:
        url: str = super().get_url()
        return f"{url}?company={self.company}" if self.company else url

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        attrs: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)
        return {**attrs, "data-placeholder": self.empty_text}

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [one for one in value if is_id(str(one))], attr)

    def use_required_attribute(self, initial: Any) -> bool:
        """Django asks for the first choice, and sorts all rows to find it. The form checks that one is chosen."""
        return False

    @property
    def media(self) -> forms.Media:
        return super().media + forms.Media(js=("admin/js/autocomplete.js", "callhooks/choose.js"))  # in this order


def search_in(field: forms.ModelChoiceField[Any], relation: Any, *, company: int | None = None) -> None:
    """Let the field search if it has too many rows, and list them if it has not."""
    widget: Any
    if too_many(field.queryset):  # type: ignore[arg-type]
        widget = field.widget if isinstance(field.widget, SearchSelect) else SearchSelect(relation)
        widget.company = company
    elif isinstance(field.widget, SearchSelect):
        widget = forms.Select()
    else:
        return
    widget.is_required = field.required
    field.widget = widget
    field.widget.choices = field.choices


class ScopedAutocomplete(AutocompleteJsonView):
    """Answers with rows that the visitor may choose in a form, or may see where `filter` is set; of the company that
    `company` names, if it does."""

    source_field: Any

    def get_queryset(self) -> QuerySet[Any]:
        page: Any = self.model_admin
        rows = self._rows()
        company = self.request.GET.get("company", "")
        if company and has_company(rows.model):
            rows = rows.filter(company=int(company)) if is_id(company) else rows.none()
        if self._has_company_name:
            rows = rows.select_related("company").defer("company__signing_key")
        if deferred := getattr(page, "deferred", ()):
            rows = rows.defer(*deferred)
        matching, twice = page.get_search_results(self.request, rows, self.term)
        found: QuerySet[Any] = matching.order_by(
            *(page.get_ordering(self.request) or rows.model._meta.ordering or ("pk",))
        )
        return found.distinct() if twice else found

    def _rows(self) -> QuerySet[Any]:
        source: Any = admin.site._registry.get(self.source_field.model)
        if "filter" in self.request.GET or not hasattr(source, "choosable"):
            rows: QuerySet[Any] = self.model_admin.get_queryset(self.request)
        else:
            rows = source.choosable(self.request, self.model_admin.model)
        return rows.complex_filter(self.source_field.get_limit_choices_to())

    @property
    def _has_company_name(self) -> bool:
        several = access_of(self.request).several and not self.request.GET.get("company")
        return several and has_company(self.model_admin.model)

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        found: dict[str, str] = super().serialize_result(obj, to_field_name)  # type: ignore[misc]
        return {**found, "text": with_company(obj)} if self._has_company_name else found


def with_company(row: Any) -> str:
    return f"{row} · {row.company.name}"
