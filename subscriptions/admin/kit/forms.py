"""The form of every tenant's row, and the fields it is made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.forms.fields import InvalidJSONInput

from ...lib.postgres_json import find_problems
from ...models import Company

# Beyond them some time zone, or some program, cannot tell a time any more.
FIRST_MOMENT, LAST_MOMENT = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
TOO_FAR = "Choose a time between 1970 and 2200."


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]
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
            if isinstance(value, datetime) and not FIRST_MOMENT <= value < LAST_MOMENT:
                self.add_error(name, TOO_FAR)
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


class StorableJSONField(forms.JSONField):
    """JSON that the database can keep, and everybody can read who gets it."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError):  # thousands of digits, hundreds of levels
            raise forms.ValidationError("This is not JSON that can be kept.", code="invalid") from None
        for path, words in find_problems(found):
            where = f"{path[0]}: " if path else ""
            raise forms.ValidationError(f"{where}{words}", code="invalid")
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What the page shows again: as it was typed, if it cannot be kept."""
        try:
            found = super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)
        return InvalidJSONInput(data) if isinstance(data, str) and any(find_problems(found)) else found


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
