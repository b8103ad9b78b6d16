"""Filters that list nothing of other companies. Django's own filter on a foreign key would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ...models import Company
from .access import access_of

MAX_CHOICES = 100  # a longer list helps nobody; the search finds the rest


class CompanyFilter(SimpleListFilter):
    """For those who see several companies."""

    title = "company"
    parameter_name = "company"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = access_of(request).limit(Company.objects.all(), "pk")
        return [(str(pk), name) for pk, name in rows.values_list("pk", "name")[:MAX_CHOICES]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return _with_id(queryset, "company", self.value())


class RelatedFilter(SimpleListFilter):
    """By a row that this one refers to. Subclasses name it; see `related_filter`."""

    path = ""
    rows: QuerySet[Any]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name or "")
        rows = self.rows.select_related("company").defer("company__signing_key")
        rows = _with_id(access_of(request).limit(rows, "company"), "company", _company(request))
        found = list(rows[:MAX_CHOICES])
        if chosen and all(str(row.pk) != chosen for row in found):
            # One that is no longer offered, when a link leads here.
            everything = self.rows.model._default_manager.all()
            found += _with_id(access_of(request).limit(everything, "company"), "pk", chosen)
        with_company = access_of(request).several and not _company(request)
        return [(str(row.pk), f"{row} · {row.company.name}" if with_company else str(row)) for row in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return _with_id(queryset, self.path, self.value())


def related_filter(name: str, rows: QuerySet[Any], *, path: str = "", title: str = "") -> type[RelatedFilter]:
    """A filter by the field `name` (or `path`, from the list's model) that offers these rows, those reached only."""
    return type(
        f"{name.title()}Filter",
        (RelatedFilter,),
        {"title": title or name, "parameter_name": name, "path": path or name, "rows": rows},
    )


class DefaultingFilter(SimpleListFilter):
    """A filter that is always on: the first of its choices holds when none was chosen."""

    choices_in_words: tuple[tuple[str, str], ...] = ()

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
            }


class SinceFilter(DefaultingFilter):
    """The last day unless something else was chosen, so that a log of millions opens at once. A search looks at all."""

    title = "time"
    parameter_name = "since"
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
        """The time from which on rows are shown; None for any time."""
        span = cls.spans.get(cls.chosen(request))
        return timezone.now() - span if span else None

    def value(self) -> str:
        return self._chosen

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        begins = self.begins(request)
        return queryset.filter(**{f"{self.field}__gte": begins}) if begins else queryset


class AnyTimeFilter(SinceFilter):
    """For lists that are read like a book: all of it unless something else was chosen."""

    choices_in_words = (SinceFilter.choices_in_words[-1], *SinceFilter.choices_in_words[:-1])


def _company(request: HttpRequest) -> str | None:
    return request.GET.get("company")


def _with_id(rows: QuerySet[Any], path: str, value: str | None) -> QuerySet[Any]:
    """Rows with this id along the path; all where none is given, none where it is no id."""
    if not value:
        return rows
    return rows.filter(**{path: int(value)}) if is_id(value) else rows.none()


def is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 18
