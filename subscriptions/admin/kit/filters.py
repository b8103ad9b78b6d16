"""Filters that offer no rows of other companies. Django's filter on a foreign key would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ...models import Company
from ...tenancy.access import access_of
from . import searched_choices
from .searched_choices import is_id

__all__ = [
    "AnyTimeFilter",
    "CompanyFilter",
    "DefaultingFilter",
    "SearchingFilter",
    "SinceFilter",
    "is_id",
    "related_filter",
]


class SearchingFilter(SimpleListFilter):
    """A filter by a row. Of more rows than a list can show it offers the chosen one, and searches for the others:
    `relation` is then the field that leads to them. `among`: the company that it searches in, if one is chosen."""

    path = ""
    relation: Any = None
    among = ""

    def offer(self, model: type[Model], rows: QuerySet[Any], chosen: str | None, every: QuerySet[Any]) -> list[Any]:
        """The rows to list. `chosen`: the key of one out of `every`, which may be none of `rows`."""
        # As many as show that there are too many, whichever: only these are sorted, not all that an agency has.
        some = rows.order_by().values("pk")[: searched_choices.MOST_OFFERED + 1]
        found = list(rows.filter(pk__in=some))
        if len(found) > searched_choices.MOST_OFFERED:
            self.relation = _relation(model, self.path)
            found = []
        missing = chosen and all(str(row.pk) != chosen for row in found)
        return [*found, *(_with_id(every, "pk", chosen) if missing else ())]

    def has_output(self) -> bool:
        return self.relation is not None or super().has_output()


class CompanyFilter(SearchingFilter):
    """Shown to users with several companies."""

    title = "company"
    parameter_name = path = "company"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = access_of(request).limit(Company.objects.only("pk", "name"), "pk")
        found = self.offer(model_admin.model, rows, request.GET.get("company"), rows)
        return [(str(row.pk), row.name) for row in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return _with_id(queryset, "company", self.value())


class RelatedFilter(SearchingFilter):
    """Filters by a related row. See `related_filter`."""

    rows: QuerySet[Any]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name or "")
        rows = self.rows.select_related("company").defer("company__signing_key")
        rows = _with_id(access_of(request).limit(rows, "company"), "company", _company(request))
        if access_of(request).all_companies and not _company(request):
            rows = rows.order_by("-pk")  # the names of all companies' rows are in no index
        # A link may choose a row that is not among the choices.
        every = access_of(request).limit(self.rows.model._base_manager.select_related("company"), "company")
        self.among = _company(request) or ""
        found = self.offer(model_admin.model, rows, chosen, every)
        with_company = access_of(request).several and not _company(request)
        return [(str(row.pk), f"{row} · {row.company.name}" if with_company else str(row)) for row in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return _with_id(queryset, self.path, self.value())


def related_filter(name: str, rows: QuerySet[Any], *, path: str = "", title: str = "") -> type[RelatedFilter]:
    """A filter by the field `name` (or `path`) that offers those of `rows` that the user may access."""
    return type(
        f"{name.title()}Filter",
        (RelatedFilter,),
        {"title": title or name, "parameter_name": name, "path": path or name, "rows": rows},
    )


class DefaultingFilter(SimpleListFilter):
    """A filter that is always active. Its first choice is the default. `unset`: the choice that does not filter."""

    choices_in_words: tuple[tuple[str, str], ...] = ()
    unset = ""  # the first one

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return self.choices_in_words

    def value(self) -> str:
        chosen = super().value()
        known = [key for key, _ in self.choices_in_words]
        return chosen if chosen in known else known[0]

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        for key, words in self.choices_in_words:
            yield {
                "selected": self.value() == key,
                "query_string": changelist.get_query_string({str(self.parameter_name): key}),
                "display": words,
                "unset": key == self.unset,
            }


class SinceFilter(DefaultingFilter):
    """Defaults to the last day, so that a long log opens quickly. A search covers any time."""

    title = "when"
    parameter_name = "since"
    unset = "all"
    field = "created_at"
    choices_in_words = (
        ("24h", "Last 24 hours"),
        ("7d", "Last 7 days"),
        ("30d", "Last 30 days"),
        ("all", "Any time"),
    )
    spans = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self._chosen = self.chosen(request)
        super().__init__(request, *args)

    @classmethod
    def chosen(cls, request: HttpRequest) -> str:
        known, asked = [key for key, _ in cls.choices_in_words], request.GET.get("since", "")
        if asked in known:
            return asked
        return "all" if request.GET.get("q", "").strip() else known[0]

    @classmethod
    def begins(cls, request: HttpRequest) -> datetime | None:
        """The start of the period; None for any time."""
        span = cls.spans.get(cls.chosen(request))
        return timezone.now() - span if span else None

    def value(self) -> str:
        return self._chosen

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        begins = self.begins(request)
        return queryset.filter(**{f"{self.field}__gte": begins}) if begins else queryset


class AnyTimeFilter(SinceFilter):
    """Defaults to any time."""

    choices_in_words = (SinceFilter.choices_in_words[-1], *SinceFilter.choices_in_words[:-1])


def _company(request: HttpRequest) -> str | None:
    return request.GET.get("company")


def _with_id(rows: QuerySet[Any], path: str, value: str | None) -> QuerySet[Any]:
    """Filter rows by this id along the path. Without a value all rows, with an invalid one none."""
    if not value:
        return rows
    return rows.filter(**{path: int(value)}) if is_id(value) else rows.none()


def _relation(model: type[Model], path: str) -> Any:
    *way, last = path.split("__")
    for step in way:
        related: Any = model._meta.get_field(step).related_model
        model = related
    return model._meta.get_field(last)
