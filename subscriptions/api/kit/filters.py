"""Filters in the query string. A parameter that is not known is refused: a misspelt filter would show everything."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend, FilterSet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from .errors import BadQuery
from .fields import StrictDateTimeField
from .paging import TimeCursorPagination


class _MomentField(forms.CharField):
    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return _moment.run_validation(text)
        except ValidationError as error:
            hint = " A + in an address is written %2B." if " " in text else ""
            raise forms.ValidationError(f"{error.detail[0]}{hint}") from None  # type: ignore[index]


_moment = StrictDateTimeField()


class MomentFilter(django_filters.Filter):  # type: ignore[misc]
    field_class = _MomentField


class Filters(FilterSet):  # type: ignore[misc]
    """`x_after` means at or after, `x_before` before: ranges that follow each other share nothing."""


def after(field: str) -> MomentFilter:
    return MomentFilter(field_name=field, lookup_expr="gte")


def before(field: str) -> MomentFilter:
    return MomentFilter(field_name=field, lookup_expr="lt")


class FilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset_class = self.get_filterset_class(view, queryset)
        known = {*TimeCursorPagination.parameters, *(filterset_class.base_filters if filterset_class else ())}
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            words = f"Unknown parameter. Known are: {', '.join(sorted(known))}."
            raise BadQuery(dict.fromkeys(unknown, words))
        moments = [
            name
            for name, each in (filterset_class.base_filters if filterset_class else {}).items()
            if isinstance(each, MomentFilter) and request.query_params.get(name) == ""
        ]
        if moments:  # to a form an empty field is none; here it is a bound that somebody meant and lost
            raise BadQuery(dict.fromkeys(moments, "This is empty. Give a time, or leave the parameter out."))
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            # Not through the package's translation: it trips over a % in what was sent.
            raise BadQuery({name: list(messages) for name, messages in filterset.errors.items()})
        rows: QuerySet[Any] = filterset.qs
        return rows
