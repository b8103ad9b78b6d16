"""Filters of a list as chips: what is set, and what can be set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin.views.main import ChangeList


@dataclass(frozen=True)
class Choice:
    """`note`: beside the label, such as how many rows there are."""

    label: str
    url: str
    selected: bool
    note: str = ""


@dataclass(frozen=True)
class Chip:
    """`value`: the chosen label in lower case, empty while the filter is not set. `remove_url`: without it. `note`:
    below the choices."""

    title: str
    value: str
    remove_url: str
    choices: list[Choice]
    note: str = ""


def build_chip(changelist: ChangeList, spec: Any) -> Chip:
    """The chip of one filter. Its choice with `"unset": True`, else its first, is the one that does not filter."""
    raw = list(spec.choices(changelist))
    unset = next((one for one in raw if one.get("unset")), raw[0] if raw else None)
    chosen = next((one for one in raw if one["selected"]), None)
    value = "" if chosen is None or chosen is unset else str(chosen["display"])
    choices = [Choice(str(one["display"]), one["query_string"], one["selected"]) for one in raw]
    title = str(spec.title)
    return Chip(title[:1].upper() + title[1:], value, unset["query_string"] if unset else "?", choices)
