"""How the columns of a file become fields: guessed, changed by people, and remembered. No Django."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import Any

from .call_rows import HELPERS, TEXT_HELPERS
from .column_names import USUAL_NAMES, fold
from .moments import DATE_ORDERS, DateOrder
from .presets import PRESETS, Preset

OWN_FIELD = "*"  # a column that is a field of the form under its own name


@dataclass(frozen=True)
class ColumnMapping:
    """`columns`: name in the file → field, empty for a column that is left out. `constants`: values of rows that say
    nothing else."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    dates: DateOrder = "iso"
    zone: str = ""  # of times without an offset; empty: the company's
    preset: str = ""

    def rename(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values by field. Where two columns are the same field, the first that says something counts."""
        renamed: dict[str, Any] = {}
        for theirs, value in values.items():
            ours = self.columns.get(theirs, theirs)
            name = theirs if ours == OWN_FIELD else ours
            if name:
                renamed.setdefault(name, value)
        return renamed

    @property
    def left_out(self) -> list[str]:
        return [theirs for theirs, ours in self.columns.items() if not ours]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> ColumnMapping:
        known = {name: stored[name] for name in ("columns", "constants", "dates", "zone", "preset") if name in stored}
        if known.get("dates") not in DATE_ORDERS:
            known.pop("dates", None)
        return ColumnMapping(**known)


def helpers_of(kind: str) -> dict[str, str]:
    """The helpers that a column of this kind of file may be, with their words."""
    if kind == "calls":
        return HELPERS
    return {name: HELPERS[name] for name in TEXT_HELPERS} if kind == "texts" else {}


def find_preset(kind: str, columns: Sequence[str]) -> Preset | None:
    """The system that this file comes from: the one that more names speak for."""
    names = {fold(name) for name in columns}
    found = [
        (max((len(marks) for marks in preset.marks if marks <= names), default=0), preset)
        for preset in PRESETS.values()
        if kind in preset.columns
    ]
    best = max(found, key=lambda each: each[0], default=(0, None))
    return best[1] if best[0] else None


def match(kind: str, columns: Sequence[str], fields: Sequence[str]) -> tuple[ColumnMapping, list[str]]:
    """The columns that are fields, in any spelling: `Start Time` is start_time. And the columns that are not."""
    chosen = {}
    for column in columns:
        exact = column.lower().replace(" ", "_")
        chosen[column] = exact if exact in fields else OWN_FIELD if kind == "forms" else ""
    return ColumnMapping(columns=chosen), [column for column, field_name in chosen.items() if not field_name]


def guess(kind: str, columns: Sequence[str], fields: Sequence[str], preset: Preset | None) -> ColumnMapping:
    """The meaning of each column: what the preset says, else a field of that name, else what the name usually means."""
    theirs = preset.columns.get(kind, {}) if preset else {}
    usual, helpers = USUAL_NAMES[kind], helpers_of(kind)
    unknown = OWN_FIELD if kind == "forms" else ""
    chosen: dict[str, str] = {}
    for column in columns:
        folded = fold(column)
        exact = folded.replace(" ", "_")
        ours = theirs.get(folded)
        if ours is None:
            ours = exact if exact in fields or exact in helpers else usual.get(folded, unknown)
        taken = ours and ours != OWN_FIELD and ours in chosen.values()
        chosen[column] = unknown if taken else ours
    mapping = ColumnMapping(columns=chosen)
    if preset:
        used = set(chosen.values())
        constants = {name: value for name, value in preset.constants.items() if name in fields}
        mapping = replace(mapping, dates=preset.dates, zone=preset.zone, preset=preset.name, constants=constants)
        if {"from_number", "direction"} <= used:
            mapping = replace(mapping, constants={})
    return mapping


def signature(kind: str, columns: Sequence[str]) -> str:
    """The same for files with the same columns: what a mapping is remembered by."""
    return sha256("\x00".join([kind, *map(fold, columns)]).encode()).hexdigest()
