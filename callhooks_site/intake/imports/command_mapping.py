"""The mapping that `import_data` is told on its command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError

from .kinds import Kind
from .mapping import OWN_FIELD, ColumnMapping, find_preset, guess, helpers_of, match
from .presets import PRESETS
from .table import Table


def choose_mapping(kind: Kind, table: Table, options: Mapping[str, Any]) -> ColumnMapping:
    """Raises CommandError."""
    told = _parse_pairs(options["map"], "--map", "Caller=customer_phone_number")
    constants = _parse_pairs(options["set"], "--set", "direction=inbound")
    fields = {*kind.columns, *helpers_of(kind.name)}
    wrong = [name for name in told.values() if name and name not in fields and not kind.accepts_other_columns]
    wrong += [name for name in constants if name not in kind.columns]
    if wrong:
        raise CommandError(f"There is no field {', '.join(wrong)}. There is: {', '.join(sorted(fields))}.")
    zone = _check_zone(options["zone"]) if options["zone"] else ""
    mapping = _map_columns(kind, table, told, options["preset"]) if table.cells else ColumnMapping(columns=told)
    return replace(
        mapping,
        constants={**mapping.constants, **constants},
        dates=options["dates"] or mapping.dates,
        zone=zone or mapping.zone,
    )


def _map_columns(kind: Kind, table: Table, told: Mapping[str, str], preset: str | None) -> ColumnMapping:
    columns = {name.lower(): name for name in table.columns}
    if missing := [theirs for theirs in told if theirs.lower() not in columns]:
        raise CommandError(f"The file has no column {', '.join(missing)}. It has: {', '.join(table.columns)}.")
    chosen = {columns[theirs.lower()]: ours for theirs, ours in told.items()}
    if kind.accepts_other_columns:
        chosen = {theirs: ours if ours in ("", *kind.columns) else OWN_FIELD for theirs, ours in chosen.items()}
    rest = [name for name in table.columns if name not in chosen]
    found = find_preset(kind.name, table.columns)
    if preset:
        mapping = guess(kind.name, rest, kind.columns, found if preset == "guess" else PRESETS[preset])
    else:
        mapping, unknown = match(kind.name, rest, kind.columns)
        if unknown:
            hint = f" The file looks like one of {found.label}: add --preset {found.name}." if found else ""
            raise CommandError(
                f"Unknown columns: {', '.join(unknown)}. Say what they are with --map COLUMN=FIELD, leave one out with "
                f"--map COLUMN=, or add --preset guess.{hint} Known columns: {', '.join(kind.columns)}."
            )
    # What is told goes before what was guessed for another column.
    told_fields = {ours for ours in chosen.values() if ours not in ("", OWN_FIELD)}
    guessed = {theirs: "" if ours in told_fields else ours for theirs, ours in mapping.columns.items()}
    return replace(mapping, columns={**guessed, **chosen})


def _parse_pairs(pairs: list[str], option: str, example: str) -> dict[str, str]:
    parsed = {}
    for pair in pairs:
        name, equals, value = pair.partition("=") if option == "--set" else pair.rpartition("=")
        if not equals or not name:
            raise CommandError(f"{option} {pair}: write {option} NAME=VALUE, such as {option} '{example}'.")
        parsed[name] = value
    return parsed


def _check_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, LookupError):
        raise CommandError(f"--zone {name}: there is no such time zone. Write it like America/Chicago.") from None
