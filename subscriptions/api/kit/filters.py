"""Filters in the query string. Unknown parameters are errors, because a misspelt filter would return everything."""

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
            hint = " Encode a + as %2B." if " " in text else ""
            raise forms.ValidationError(f"{error.detail[0]}{hint}") from None  # type: ignore[index]


_moment = StrictDateTimeField()


class MomentFilter(django_filters.Filter):  # type: ignore[misc]
    field_class = _MomentField


class Filters(FilterSet):  # type: ignore[misc]
    """`x_after` includes the bound and `x_before` excludes it, so consecutive ranges do not overlap."""


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
            words = f"Unknown parameter. Known parameters: {', '.join(sorted(known))}."
            raise BadQuery(dict.fromkeys(unknown, words))
        moments = [
            name
            for name, each in (filterset_class.base_filters if filterset_class else {}).items()
            if isinstance(each, MomentFilter) and request.query_params.get(name) == ""
        ]
        if moments:  # a form would ignore an empty field
            raise BadQuery(dict.fromkeys(moments, "This is empty. Send a time or remove the parameter."))
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            # The package's own translation fails on a % in a value.
            raise BadQuery({name: list(messages) for name, messages in filterset.errors.items()})
        rows: QuerySet[Any] = filterset.qs
        return rows
