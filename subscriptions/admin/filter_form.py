"""The filter of a subscription, and of a company for those without one, as choices on their forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.utils import flatten_fieldsets
from django.http import HttpRequest

from ..events import condition_rules, condition_words
from ..events.filter_fields import FilterField, Kind
from ..models import Company, Subscription
from . import filter_choices
from .filter_choices import PREFIX, fields_on_form, names_of
from .kit.forms import CheckboxesField, TenantForm
from .kit.scoped_forms import ScopedForms

MOST_OFFERED = 500  # rows of a company, such as tracking numbers; the API takes any
REST, EVERYTHING = f"{PREFIX}rest", f"{PREFIX}everything"
DEFAULT_COLUMN = "default_conditions"  # of a company
_CHIPS = {"class": "chips"}


class LinesField(forms.CharField):
    """Several texts, one on each line."""

    widget = forms.Textarea(attrs={"rows": 2})

    def clean(self, value: Any) -> Any:
        text: str = super().clean(value)
        return list(dict.fromkeys(line for line in (each.strip() for each in text.splitlines()) if line))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or "").split("\n") != (data or "").replace("\r\n", "\n").split("\n")


class FilterForm(TenantForm):
    """`conditions_column` is the model's. What the form cannot show stays, unless its removal is ticked."""

    conditions_column = "conditions"
    filter_changed = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        condition = getattr(self.instance, self.conditions_column)
        self._kept = filter_choices.read(condition)
        company = _company_of(self.instance)
        fields: dict[str, forms.Field] = {}
        for about in fields_on_form():
            if about.find is None or company is not None:
                fields |= _form_fields(about, company, self._kept.values)
        if self._kept.rest:
            fields[REST] = forms.BooleanField(label="Remove what was set through the API", required=False)
        if self.conditions_column != DEFAULT_COLUMN and company is not None and company.default_conditions is not None:
            fields[EVERYTHING] = forms.BooleanField(
                label="Send everything",
                required=False,
                help_text="Whatever the company's default filter says. Without this, and without a choice above, that "
                "one decides.",
            )
        for name, field in fields.items():
            field.show_hidden_initial = not self.instance._state.adding
            self.fields[name] = field
        self.initial.update(self._kept.values, **{EVERYTHING: condition == {"all": []}})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        shown = [name for name in self.fields if name.startswith(PREFIX)]
        if not self.errors and set(shown) & set(self.changed_data):
            self.filter_changed = True
            condition = filter_choices.write(cleaned, [] if cleaned.get(REST) else self._kept.rest)
            if condition is None and cleaned.get(EVERYTHING):
                condition = {"all": []}
            self._check(condition)
            setattr(self.instance, self.conditions_column, condition)
        return cleaned

    def _check(self, condition: dict[str, Any] | None) -> None:
        company = _company_of(self.instance) or self.cleaned_data.get("company")
        if condition is None or company is None:
            return
        try:
            condition_rules.validate(condition, company.pk)
        except ValueError as error:
            self.add_error(None, str(error))


def _company_of(row: Any) -> Company | None:
    if isinstance(row, Company):
        return row if row.pk else None
    return row.company if row.company_id else None


def _form_fields(about: FilterField, company: Company | None, chosen: dict[str, Any]) -> dict[str, forms.Field]:
    name, help_text = PREFIX + about.name, about.help
    if about.kind == Kind.SECONDS:
        limits: dict[str, Any] = {"required": False, "min_value": 0, "max_value": condition_rules.LONGEST_SECONDS}
        return {
            f"{name}_min": forms.IntegerField(label=f"{about.label}, at least", help_text="Seconds.", **limits),
            f"{name}_max": forms.IntegerField(label=f"{about.label}, at most", help_text="Seconds.", **limits),
        }
    if about.kind == Kind.NAMES:
        return {name: LinesField(label=about.label, required=False, help_text=help_text)}
    choices = [(choice.value, choice.label) for choice in about.choices]
    if about.kind == Kind.YES_NO:
        return {name: forms.ChoiceField(label=about.label, choices=choices, required=False, help_text=help_text)}
    if about.find is not None and company is not None:
        values = chosen.get(name, [])
        found = about.find([company.pk], None, MOST_OFFERED)
        missing = [value for value in values if value not in found]
        found |= {value: value for value in missing} | (
            about.find([company.pk], missing, len(missing)) if missing else {}
        )
        choices = list(found.items())
        help_text = help_text if choices else "There are none yet."
        if len(choices) >= MOST_OFFERED:
            help_text = f"{help_text} The first {MOST_OFFERED} are here; use the API for others.".strip()
    widget = forms.CheckboxSelectMultiple(attrs=_CHIPS)
    return {
        name: CheckboxesField(label=about.label, choices=choices, required=False, widget=widget, help_text=help_text)
    }


class FilterAdmin(ScopedForms):
    """The page's part of it. The form is a FilterForm."""

    def filter_field_names(self, row: Any, company: Company | None) -> list[str]:
        """`row` is None for one that is to be added, `company` if it is to be chosen there."""
        names = [
            name for about in fields_on_form() if about.find is None or company is not None for name in names_of(about)
        ]
        column: str = self.form.conditions_column  # type: ignore[attr-defined]
        if row is not None and filter_choices.read(getattr(row, column)).rest:
            names.append(REST)
        if column != DEFAULT_COLUMN and company is not None and company.default_conditions is not None:
            names.append(EVERYTHING)
        return names

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # The filter's fields are made by the form itself, which knows the company.
        fields = kwargs["fields"] if "fields" in kwargs else flatten_fieldsets(self.get_fieldsets(request, obj))
        if fields is not None:
            kwargs["fields"] = [name for name in fields if not name.startswith(PREFIX)]
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and form.filter_changed:
            touched = {field.name for field in self.opts.concrete_fields if getattr(field, "auto_now", False)}
            obj.save(update_fields={form.conditions_column} | touched)


def sentence_of(row: Any, *, names: condition_words.Names | None = None) -> str:
    """What the filter of a subscription or a company lets through; empty if that is everything."""
    company = _company_of(row)
    if company is None:
        return ""
    own = row.conditions if isinstance(row, Subscription) else row.default_conditions
    condition = own if own is not None else company.default_conditions
    direction = row.call_direction if isinstance(row, Subscription) else "both"
    found = condition_words.names_for([company.pk], [condition]) if names is None else names
    return condition_words.sentence(condition, direction, found)
