"""The form in which somebody says what each column of a file is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from subscriptions.admin.company import time_zones
from subscriptions.models import Company

from ..kinds import KINDS
from ..mapping import OWN_FIELD, ColumnMapping, helpers_of
from ..models import ImportJob
from ..presets import PRESETS

CONSTANT_ROWS = 2
_DATES = [
    ("us", "Month first: 11/3 is Nov 3"),
    ("eu", "Day first: 11/3 is March 11"),
    ("iso", "Year first: 2026-11-03"),
]
_PARTIES = ("from_number", "to_number", "did_number")
# What says when, which way and on which number, for each kind that needs it.
_STARTS = {"calls": ("start_time", "start_date"), "texts": ("sent_at",)}
_DIRECTION = ("direction", "call_status", *_PARTIES)
_TRACKING = ("tracking_phone_number", *_PARTIES)
_WORDS = {"id": "ID", "url": "URL", "urls": "URLs", "utm": "UTM", "ga": "GA", "gclid": "gclid"}


def label_of(field: str) -> str:
    """`landing_page_url` → Landing page URL."""
    words = " ".join(_WORDS.get(word, word) for word in field.split("_"))
    return words[:1].upper() + words[1:]


class SharedSelect(forms.Select):
    """Choices that are written once for all fields of a page: Django takes 0.1 ms for each option of each field."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.written = written

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        plain = format_html('<option value="{}">', value or "")
        chosen = format_html('<option value="{}" selected>', value or "")
        start = format_html("<select{}>", flatatt(self.build_attrs({**self.attrs, "name": name}, attrs)))
        return mark_safe(f"{start}{self.written.replace(plain, chosen, 1)}</select>")


def write_options(choices: Iterable[tuple[str, Any]]) -> SafeString:
    """The options and groups of a select."""
    return format_html_join("", "{}", ([_write_option(value, label)] for value, label in choices))


def _write_option(value: str, label: Any) -> SafeString:
    if isinstance(label, list):
        return format_html('<optgroup label="{}">{}</optgroup>', value, write_options(label))
    return format_html('<option value="{}">{}</option>', value, label)


class MappingForm(forms.Form):
    dates = forms.ChoiceField(label="Dates in the file", choices=_DATES)
    zone = forms.ChoiceField(
        label="Time zone in the file", required=False, help_text="For times that do not say one themselves."
    )

    def __init__(self, job: ImportJob, company: Company, mapping: ColumnMapping, data: Any = None) -> None:
        self.kind, self.columns, self._mapping = KINDS[job.kind], [str(name) for name in job.columns], mapping
        super().__init__(data, initial=self._initial(mapping), prefix="m")
        own = f"The company’s ({company.time_zone})"
        self.fields["zone"].choices = [("", own), *time_zones()]  # type: ignore[attr-defined]
        choices = self._choices()
        widget = SharedSelect(write_options(choices))
        known = {value for _, group in choices if isinstance(group, list) for value, _ in group} | {"", OWN_FIELD}
        for number, name in enumerate(self.columns):
            # What another version knew and this one does not is left out.
            if self.initial.get(f"column_{number}") not in known:
                self.initial[f"column_{number}"] = ""
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=name, choices=choices, required=False, widget=widget
            )
        self._add_constants()

    def _choices(self) -> list[tuple[str, Any]]:
        fields = [(name, label_of(name)) for name in self.kind.columns]
        first = [("", "Leave out")]
        if self.kind.accepts_other_columns:
            first.append((OWN_FIELD, "A field of the form"))
            fields = [(name, label) for name, label in fields if name != "form_data"]
        helpers = list(helpers_of(self.kind.name).items())
        groups: list[tuple[str, Any]] = [*first, ("Fields", fields)]
        return [*groups, ("To work a field out of", helpers)] if helpers else groups

    def _add_constants(self) -> None:
        """Fields for values of lines that say nothing else."""
        if not self.kind.accepts_other_columns:
            self.fields["direction"] = forms.ChoiceField(
                label="Direction", required=False,
                choices=[("", "As a column says"), ("inbound", "Inbound"), ("outbound", "Outbound")],
            )  # fmt: skip
            self.fields["tracking_phone_number"] = forms.CharField(
                label="Tracking number", required=False, max_length=50, help_text="One of yours, if no column says it."
            )
        others = [("", "None"), *((name, label_of(name)) for name in self.kind.columns if name not in self.fields)]
        for number in range(1, CONSTANT_ROWS + 1):
            self.fields[f"name_{number}"] = forms.ChoiceField(label="Another field", choices=others, required=False)
            self.fields[f"value_{number}"] = forms.CharField(label="Its value", required=False, max_length=500)

    def _initial(self, mapping: ColumnMapping) -> dict[str, Any]:
        initial: dict[str, Any] = {"dates": mapping.dates, "zone": mapping.zone}
        for number, name in enumerate(self.columns):
            initial[f"column_{number}"] = mapping.columns.get(name, "")
        constants = dict(mapping.constants)
        for name in ("direction", "tracking_phone_number"):
            initial[name] = constants.pop(name, "")
        for number, (name, value) in zip(range(1, CONSTANT_ROWS + 1), constants.items(), strict=False):
            initial[f"name_{number}"], initial[f"value_{number}"] = name, value
        return initial

    def column_rows(self, samples: Mapping[str, str]) -> Iterator[tuple[str, str, BoundField]]:
        """Name, first values and field of each column."""
        for number, name in enumerate(self.columns):
            yield name, samples.get(name, ""), self[f"column_{number}"]

    def other_fields(self) -> list[BoundField]:
        return [self[name] for name in self.fields if not name.startswith("column_")]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        used: dict[str, str] = {}
        for number, name in enumerate(self.columns):
            ours = given.get(f"column_{number}", "")
            if ours not in ("", OWN_FIELD) and ours in used:
                self.add_error(f"column_{number}", f"“{used[ours]}” is this field already. Choose one of the two.")
            used.setdefault(ours, name)
        if self.kind.name in _STARTS:
            if not set(_STARTS[self.kind.name]) & set(used):
                self.add_error(None, "No column says when. Choose the one with the start.")
            if not given.get("direction") and not set(_DIRECTION) & set(used):
                self.add_error("direction", "No column says the direction. Choose one here, or a column above.")
            if not given.get("tracking_phone_number") and not set(_TRACKING) & set(used):
                self.add_error("tracking_phone_number", "No column has your number. Write it here.")
        for number in range(1, CONSTANT_ROWS + 1):
            if given.get(f"name_{number}") and not given.get(f"value_{number}"):
                self.add_error(f"value_{number}", "Write a value.")
        return given

    def build_mapping(self) -> ColumnMapping:
        """What was chosen; of a form with errors, what of it is right."""
        given = self.cleaned_data
        constants = {name: given[name] for name in ("direction", "tracking_phone_number") if given.get(name)}
        for number in range(1, CONSTANT_ROWS + 1):
            if given.get(f"name_{number}") and given.get(f"value_{number}"):
                constants[given[f"name_{number}"]] = given[f"value_{number}"]
        columns = {name: given.get(f"column_{number}", "") for number, name in enumerate(self.columns)}
        return ColumnMapping(
            columns, constants, given.get("dates") or "iso", given.get("zone") or "", self._mapping.preset
        )


class PresetForm(forms.Form):
    """Choose another guess."""

    preset = forms.ChoiceField(label="The file comes from", required=False)

    def __init__(self, kind: str, chosen: str) -> None:
        super().__init__(initial={"preset": chosen or "other"})
        systems = [(preset.name, preset.label) for preset in PRESETS.values() if kind in preset.columns]
        self.fields["preset"].choices = [*systems, ("other", "Another system")]  # type: ignore[attr-defined]
