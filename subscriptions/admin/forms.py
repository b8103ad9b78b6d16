"""The form of every tenant's row, and the fields it is made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from ..models import Company


class TenantForm(forms.ModelForm):
    """All that a row refers to belongs to the row's company, whoever saves it.

    A field counts as changed when it differs from what the page showed, not from what the row has become meanwhile:
    what somebody else changed while the page was open is not set back by a save.
    """

    given_company: Company | None = None  # of a new row, when its maker has no choice

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding and self.given_company is not None:
            self.instance.company = self.given_company
        for field in self.fields.values():
            field.show_hidden_initial = not self.instance._state.adding
        company_id = getattr(self.instance, "company_id", None)
        if company_id:
            for field in self.fields.values():
                rows = getattr(field, "queryset", None)
                if rows is not None and _has_company(rows.model):
                    field.queryset = rows.filter(company=company_id)  # type: ignore[attr-defined]
                    field.label_from_instance = str  # type: ignore[attr-defined]  # one company's: it needs no name

    def _get_validation_exclusions(self) -> set[str]:
        # Django leaves fields that are not on the form out of the uniqueness rules; "once per company" needs this one.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"company"}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        company = cleaned.get("company") or getattr(self.instance, "company", None)
        for name, value in list(cleaned.items()):
            rows = value if isinstance(value, models.QuerySet) else [value]
            if any(_company_differs(row, company) for row in rows):
                self.add_error(name, "This belongs to another company.")
        return cleaned


class ExactTextField(forms.CharField):
    """Text as it is: blanks stay, and a browser's own line ends are not a change."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "strip": False})

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.to_python(initial), data)


class CheckboxesField(forms.MultipleChoiceField):
    """A list of names, each a box with its own words."""

    widget = forms.CheckboxSelectMultiple(attrs={"class": "explained"})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(_strings(initial)) != set(_strings(data))


def _strings(values: Iterable[Any] | None) -> list[str]:
    return [str(value) for value in values or ()]


def _has_company(model: type[models.Model]) -> bool:
    try:
        return model._meta.get_field("company").is_relation
    except FieldDoesNotExist:
        return False


def _company_differs(row: Any, company: Company | None) -> bool:
    if not isinstance(row, models.Model) or not _has_company(type(row)):
        return False
    return company is None or row.company_id != company.pk  # type: ignore[attr-defined]
