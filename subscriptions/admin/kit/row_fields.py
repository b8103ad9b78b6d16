"""A field that takes a related row by its id, where there are too many to offer: operators have those of everybody."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.db.models import QuerySet

from .filters import is_id

MOST_OFFERED = 2_000  # in one list: a page of 200 KB. Twenty thousand companies are one of a megabyte


def too_many(rows: QuerySet[Any]) -> bool:
    return rows.order_by()[: MOST_OFFERED + 1].count() > MOST_OFFERED


class RowByIdField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Accepts the id that the row's page shows, or its number, as links to forms have it."""

    widget = forms.TextInput

    def __init__(self, queryset: QuerySet[Any], **kwargs: Any) -> None:
        super().__init__(queryset, **kwargs)
        field = "resource_id" if _has(queryset.model, "resource_id") else queryset.model._meta.pk.name
        self.to_field_name = field
        self.help_text = f"There are too many to list. Enter its id. {self.help_text}".strip()

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, models.Model) or not is_id(str(value)):
            return super().prepare_value(value)
        row = self.queryset.filter(pk=int(value)).first() if self.queryset is not None else None
        return super().prepare_value(row) if row is not None else value

    def to_python(self, value: Any) -> Any:
        text = str(value).strip() if value not in self.empty_values else ""
        if is_id(text) and self.queryset is not None:
            row = self.queryset.filter(pk=int(text)).first()
            if row is not None:
                return row
        return super().to_python(text)


def _has(model: type[models.Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.get_fields())
