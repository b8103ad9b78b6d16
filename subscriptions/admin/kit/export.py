"""CSV export: streamed, limited in rows, and without formulas that a spreadsheet would run."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from typing import Any

from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse

MAX_ROWS = 50_000  # per file
SLICE = 1_000  # rows in memory at a time
# What Excel, LibreOffice, Numbers and Google Sheets read as the start of a formula, also as full-width characters. A
# spreadsheet that separates cells at another character than a comma sees cells within a cell: so the start is looked
# for after every separator too. Quotes and invisible characters before it do not protect.
_SEPARATORS = ";,|:\t\v\f\r\n\x1c-\x1f\x85\u2028\u2029"
_BEFORE = _SEPARATORS + "\\s\"'\x00-\x1f\u00a0\u200b-\u200f\u2060\ufeff"
_SEPARATOR = re.compile(f"[{_SEPARATORS}]")
# A whole run of these, taken once: anybody's text of tabs would take the square of its length.
_FORMULA = re.compile(f"(?<![{_BEFORE}])[{_BEFORE}]*+(?=[=+\\-@\uff1d\uff0b\uff0d\uff20\u2212])")
# Cells that are numbers: a spreadsheet runs nothing, and people calculate with them.
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", re.ASCII)


def escape_cell(value: object) -> str:
    """The value as text that no spreadsheet runs as a formula, whatever its separator."""
    text = "" if value is None else str(value)
    if isinstance(value, (int, float, Decimal)) and _NUMBER.fullmatch(text):
        return text
    text = _FORMULA.sub(_defuse, text)
    return f"'{text}" if text.startswith(("\t", "\r")) else text


def _defuse(run: re.Match[str]) -> str:
    begins_a_cell = run.start() == 0 or _SEPARATOR.search(run[0])
    return f"{run[0]}'" if begins_a_cell else run[0]


def format_time(value: datetime | None, zone: tzinfo) -> str:
    """ISO 8601 with seconds and offset."""
    return value.astimezone(zone).isoformat(timespec="seconds") if value else ""


class _Echo:
    def write(self, line: str) -> str:
        return line


def read_slices(rows: QuerySet[Any], *, size: int = SLICE) -> Iterator[list[Any]]:
    """The rows in their order, `size` at a time: each query begins after the last row of the one before. A cursor of
    the server would need one connection for the whole file, which a pooler in transaction mode does not give.

    The order must be by columns without nulls, all in one direction, and end with the key."""
    order = [str(name) for name in rows.query.order_by]
    last: Any = None
    while True:
        piece = list((rows if last is None else rows.filter(_after(last, order)))[:size])
        if piece:
            yield piece
        if len(piece) < size:
            return
        last = piece[-1]


def _after(last: Any, order: Sequence[str]) -> Q:
    """The condition of the rows after this one. Its first part is what an index is asked for."""
    way = "lt" if order[0].startswith("-") else "gt"
    names = [name.lstrip("-") for name in order]
    condition, same = Q(), Q()
    for name in names:
        condition |= same & Q(**{f"{name}__{way}": getattr(last, name)})
        same &= Q(**{name: getattr(last, name)})
    return Q(**{f"{names[0]}__{way}e": getattr(last, names[0])}) & condition


def merge_slices(parts: Sequence[QuerySet[Any]]) -> Iterator[list[Any]]:
    """The rows of several queries of the same order, merged: each is read along its own index."""
    if len(parts) == 1:
        yield from read_slices(parts[0])
        return
    order = [str(name) for name in parts[0].query.order_by]
    key = attrgetter(*(name.lstrip("-") for name in order))
    each = [chain.from_iterable(read_slices(part, size=max(1, SLICE // len(parts)))) for part in parts]
    merged = merge(*each, key=key, reverse=order[0].startswith("-"))
    while piece := list(islice(merged, SLICE)):
        yield piece


def limit_slices(parts: Sequence[QuerySet[Any]], noun: str) -> Iterator[list[Any] | str]:
    """The first MAX_ROWS rows in slices and, if there are more, a final string that says so."""
    left = MAX_ROWS
    for piece in merge_slices(parts):
        if len(piece) > left:
            yield piece[:left]
            yield f"This file contains the first {MAX_ROWS:,} {noun} only. Choose a shorter period to get the rest."
            return
        left -= len(piece)
        yield piece


class SafeWriter:
    """Writes rows of a CSV file whose cells no spreadsheet runs. All exports go through it."""

    def __init__(self, file: Any) -> None:
        # All cells in quotes: a separator of another spreadsheet within one does not begin a new cell.
        self._writer = csv.writer(file, quoting=csv.QUOTE_ALL)

    def write(self, row: Iterable[object]) -> Any:
        return self._writer.writerow([escape_cell(value) for value in row])


def csv_response(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        writer = SafeWriter(_Echo())
        yield "\ufeff"  # the byte order mark makes Excel read UTF-8
        yield writer.write(heading)
        for row in rows:
            yield writer.write(row)

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
