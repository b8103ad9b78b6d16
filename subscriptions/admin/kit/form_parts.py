"""A form of the admin in two parts: what can be read, and what can be changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Part:
    """`name`: its heading, may be empty. `folded`: closed at first. `fields`: Django's admin fields."""

    name: str
    description: str
    folded: bool
    fields: list[Any] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        return any(not one.is_readonly and one.errors() for one in self.fields)


@dataclass(frozen=True)
class Parts:
    facts: list[Part]
    fields: list[Part]


def split_fieldsets(fieldsets: Iterable[Any]) -> Parts:
    """The fieldsets of an admin form; one with both kinds of fields becomes a part of each."""
    facts, fields = [], []
    for fieldset in fieldsets:
        read, asked = _part(fieldset), _part(fieldset)
        for line in fieldset:
            for one in line:
                (read if one.is_readonly else asked).fields.append(one)
        asked.description = fieldset.description or ""
        facts += [read] if read.fields else []
        fields += [asked] if asked.fields else []
    return Parts(facts, fields)


def _part(fieldset: Any) -> Part:
    return Part(str(fieldset.name or ""), "", "collapse" in fieldset.classes)
