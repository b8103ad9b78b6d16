"""Filters of a list as chips: what is set, and what can be set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.contrib.admin.views.main import ChangeList
from django.urls import reverse

from .filters import SearchingFilter


@dataclass(frozen=True)
class Choice:
    """`note`: beside the label, such as how many rows there are."""

    label: str
    url: str
    selected: bool
    note: str = ""


@dataclass(frozen=True)
class Search:
    """A field that searches for a row by which to filter, and the relation that leads to it. `kept`: what the query
    string says beside it."""

    parameter: str
    url: str
    app_label: str
    model_name: str
    field_name: str
    kept: list[tuple[str, str]]


@dataclass(frozen=True)
class Chip:
    """`value`: the chosen label in lower case, empty while the filter is not set. `remove_url`: without it. `note`:
    below the choices. `search`: for more choices than these."""

    title: str
    value: str
    remove_url: str
    choices: list[Choice]
    note: str = ""
    search: Search | None = None


def build_chip(changelist: ChangeList, spec: Any) -> Chip:
    """The chip of one filter. Its choice with `"unset": True`, else its first, is the one that does not filter."""
    raw = list(spec.choices(changelist))
    unset = next((one for one in raw if one.get("unset")), raw[0] if raw else None)
    chosen = next((one for one in raw if one["selected"]), None)
    value = "" if chosen is None or chosen is unset else str(chosen["display"])
    choices = [Choice(str(one["display"]), one["query_string"], one["selected"]) for one in raw]
    title = str(spec.title)
    remove_url = unset["query_string"] if unset else "?"
    return Chip(title[:1].upper() + title[1:], value, remove_url, choices, search=_search(changelist, spec))


def _search(changelist: ChangeList, spec: Any) -> Search | None:
    if not isinstance(spec, SearchingFilter) or spec.relation is None:
        return None
    parameter = str(spec.parameter_name)
    kept = parse_qsl(changelist.get_query_string(remove=[parameter]).removeprefix("?"))
    url = reverse("admin:autocomplete") + "?filter=1" + (f"&company={spec.among}" if spec.among else "")
    opts = spec.relation.model._meta
    return Search(parameter, url, opts.app_label, opts.model_name, spec.relation.name, kept)
