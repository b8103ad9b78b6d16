"""The base form of tenants' rows, and its fields."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db import models
from django.forms.fields import InvalidJSONInput

from ...lib.postgres_json import find_problems
from ...models import Company
from .searched_choices import SearchSelect, has_company, search_in

# Times outside overflow in some time zones and programs.
FIRST_MOMENT, LAST_MOMENT = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
TOO_FAR = "Choose a time between 1970 and 2200."


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]
    """Checks that related rows belong to the company of the row.

    A field counts as changed if it differs from what the page showed, not from the current row. So a save does not
    revert what another user changed while the page was open.
    """

    given_company: Company | None = None  # of a new row, if the user has only one

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
                if rows is not None and has_company(rows.model):
                    field.queryset = rows.filter(company=company_id)  # type: ignore[attr-defined]
                    if isinstance(field.widget, SearchSelect):
                        search_in(field, field.widget.field, company=company_id)  # type: ignore[arg-type]
                    field.label_from_instance = str  # type: ignore[attr-defined]  # one company only, so its name is not needed

    def _get_validation_exclusions(self) -> set[str]:
        # Django skips uniqueness rules on fields that are not on the form. Unique per company needs this one.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"company"}

    def _update_errors(self, errors: Any) -> None:
        # A model's own check repeats what the field already said.
        if hasattr(errors, "error_dict"):
            errors.error_dict = {name: told for name, told in errors.error_dict.items() if name not in self.errors}
        super()._update_errors(errors)  # type: ignore[misc]

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
    """Keeps spaces. Ignores that browsers change line endings."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "strip": False})

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.to_python(initial), data)


class StorableJSONField(forms.JSONField):
    """JSON that PostgreSQL can store."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError):  # too many digits or levels
            raise forms.ValidationError("This is not valid JSON.", code="invalid") from None
        for path, words in find_problems(found):
            where = f"{path[0]}: " if path else ""
            raise forms.ValidationError(f"{where}{words}", code="invalid")
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """The value to show again: as typed if it is invalid."""
        try:
            found = super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)
        return InvalidJSONInput(data) if isinstance(data, str) and any(find_problems(found)) else found


class DateTimeInputs(forms.SplitDateTimeWidget):
    """A day and a time, each with the browser's own picker."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            attrs,
            date_attrs={"type": "date", "aria-label": "Day"},
            time_attrs={"type": "time", "step": "1", "aria-label": "Time"},
            date_format="%Y-%m-%d",
            time_format="%H:%M:%S",
        )


_SHOWN = "shown"


class _ShownValues(forms.MultipleHiddenInput):
    """What the page showed, also if that was nothing. Otherwise, where a form is shown again as it was typed, what was
    typed would stand for what the page showed, and the change would not be noticed when it is saved."""

    def format_value(self, value: Any) -> Any:
        return [_SHOWN, *(value or [])]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        given = super().value_from_datadict(data, files, name)
        return given[1:] if given and given[0] == _SHOWN else given


class CheckboxesField(forms.MultipleChoiceField):
    """A list of names as checkboxes."""

    hidden_widget = _ShownValues
    widget = forms.CheckboxSelectMultiple(attrs={"class": "explained"})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(_strings(initial)) != set(_strings(data))


def _strings(values: Iterable[Any] | None) -> list[str]:
    return [str(value) for value in values or ()]


def _company_differs(row: Any, company: Company | None) -> bool:
    if not isinstance(row, models.Model) or not has_company(type(row)):
        return False
    return company is None or row.company_id != company.pk  # type: ignore[attr-defined]
