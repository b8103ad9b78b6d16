"""How the columns of a list look: which are numbers, which are cut off, and where they stand on a phone.

An admin class says it in `cells`: column name → words. On a phone a row is two lines, and a column has one of four
places there: `who` and `when` on the first, `what` and `side` on the second. A column without a place is not shown
there. Other words: `num` (right-aligned), `clip` (takes what is left, and ends in …), `short` (cut off after 14 em),
`soft`, `quiet`, `wide` (not below 1160 px), `wider` (not below 1360 px).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

CHECK = "action_checkbox"
PLACES = ("who", "what", "side", "when")
_CLASSES = {**{place: f"c-{place}" for place in PLACES}, "wide": "hide-narrow", "wider": "hide-1280"}
_CELL = re.compile(r'^<(td|th) class="')
_ROLES = {"td": 'role="cell"', "th": 'role="rowheader" scope="row"'}


def cell_classes(changelist: ChangeList) -> list[str]:
    """The CSS classes of each column, in the order of `list_display`."""
    names = [name if isinstance(name, str) else "" for name in changelist.list_display]
    said: dict[str, str] = getattr(changelist.model_admin, "cells", None) or _usual([n for n in names if n != CHECK])
    return [_classes(name, said.get(name, "")) for name in names]


def draw_cells(row: list[Any], changelist: ChangeList) -> list[SafeString]:
    """Django's cells of a row, with our classes and the roles that they lose when a row becomes two lines."""
    return [_add_classes(str(cell), classes) for cell, classes in zip(row, cell_classes(changelist), strict=False)]


def describe_headers(headers: list[dict[str, Any]], changelist: ChangeList) -> list[dict[str, Any]]:
    """Django's column headers, each with our `classes` and its `sort`: "ascending", "descending" or empty."""
    found = []
    for header, classes in zip(headers, cell_classes(changelist), strict=False):
        up = "ascending" if header.get("ascending") else "descending"
        found.append({**header, "classes": classes, "sort": up if header.get("sorted") else ""})
    return found


@dataclass(frozen=True)
class PageTurns:
    """Addresses of the pages before and after this one, empty at the ends, and what the buttons say."""

    newer: str
    older: str
    back: str
    on: str


def turn_pages(changelist: ChangeList) -> PageTurns:
    number, last = changelist.page_num, changelist.paginator.num_pages if changelist.multi_page else 1
    newer = changelist.get_query_string({PAGE_VAR: number - 1}) if number > 1 and last > 1 else ""
    older = changelist.get_query_string({PAGE_VAR: number + 1}) if number < last else ""
    by_time = bool(getattr(changelist.model_admin, "newest_first", ()))
    return PageTurns(newer, older, *(("Newer", "Older") if by_time else ("Back", "Next")))


def _usual(names: list[str]) -> dict[str, str]:
    """For an admin class that says nothing: the first column is the thing, and the next ones tell about it."""
    return dict(zip(names, PLACES, strict=False))


def _classes(name: str, words: str) -> str:
    if name == CHECK:
        return "check"
    asked = words.split()
    placed = any(word in PLACES for word in asked)
    return " ".join([*(_CLASSES.get(word, word) for word in asked), *([] if placed else ["hide-phone"])])


def _add_classes(cell: str, classes: str) -> SafeString:
    found = _CELL.match(cell)
    if found is None:
        return mark_safe(cell)
    start = format_html('<{} {} class="{} ', found[1], mark_safe(_ROLES[found[1]]), classes)
    return mark_safe(start + cell[found.end() :])
