"""A condition as choices of a form (`filter_form.py`), and the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..events import filter_fields
from ..events.condition_words import parts_of
from ..events.filter_fields import FilterField, Kind

PREFIX = "only_"


@dataclass
class Choices:
    """`values` by form field. `rest`: what the form has no choice for; such conditions come from the API."""

    values: dict[str, Any] = field(default_factory=dict)
    rest: list[Mapping[str, Any]] = field(default_factory=list)


def fields_on_form() -> list[FilterField]:
    return [each for each in filter_fields.all_fields() if each.on_form]


def names_of(about: FilterField) -> list[str]:
    """The form's fields for it."""
    name = PREFIX + about.name
    return [f"{name}_min", f"{name}_max"] if about.kind == Kind.SECONDS else [name]


def read(condition: Mapping[str, Any] | None) -> Choices:
    choices = Choices()
    for part in parts_of(condition) if condition is not None else []:
        taken = _taken(part)
        if taken is None or any(name in choices.values for name in taken):
            choices.rest.append(part)
        else:
            choices.values |= taken
    return choices


def _taken(part: Mapping[str, Any]) -> dict[str, Any] | None:
    """The form's values for one condition; None if it has none."""
    about = filter_fields.find(str(part.get("field", "")))
    if about is None or not about.on_form:
        return None
    name = PREFIX + about.name
    match part:
        case {"in": list(values)}:
            return {name: "\n".join(values) if about.kind == Kind.NAMES else values}
        case {"is": bool(wanted)}:
            return {name: "yes" if wanted else "no"}
    return {f"{name}_{operator}": part[operator] for operator in ("min", "max") if operator in part} or None


def write(values: Mapping[str, Any], rest: list[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The condition for a form's cleaned values; None for none."""
    parts: list[Mapping[str, Any]] = []
    for about in fields_on_form():
        name = PREFIX + about.name
        if about.kind == Kind.SECONDS:
            asked = {operator: values.get(f"{name}_{operator}") for operator in ("min", "max")}
            if given := {operator: seconds for operator, seconds in asked.items() if seconds is not None}:
                parts.append({"field": about.name, **given})
        elif about.kind == Kind.YES_NO and values.get(name):
            parts.append({"field": about.name, "is": values[name] == "yes"})
        elif values.get(name):
            parts.append({"field": about.name, "in": list(values[name])})
    parts += rest
    return {"all": parts} if parts else None
