"""A log as CSV: streamed, bounded, and harmless to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

MAX_ROWS = 50_000  # in one file: about what a spreadsheet is pleasant with
# What Excel, LibreOffice and Google Sheets take for the beginning of a formula; tab and CR are skipped before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def escape_cell(value: object) -> str:
    """Text that a spreadsheet shows and does not reckon with."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \n").startswith(_FORMULA) or text.startswith(_FORMULA) else text


def format_time(value: datetime | None, zone: tzinfo) -> str:
    """ISO 8601 with seconds and offset."""
    return value.astimezone(zone).isoformat(timespec="seconds") if value else ""


class _Echo:
    def write(self, line: str) -> str:
        return line


def limit_rows(rows: QuerySet[Any], noun: str) -> Iterator[Any]:
    """The first MAX_ROWS; if there are more, a last line says so instead of a row."""
    for number, row in enumerate(rows[: MAX_ROWS + 1].iterator(chunk_size=1000)):
        if number == MAX_ROWS:
            yield f"Only the first {MAX_ROWS:,} {noun} are here. Choose a shorter time for the others."
            return
        yield row


def csv_response(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        yield "\ufeff"  # without it Excel takes UTF-8 for something else
        yield writer.writerow(heading)
        for row in rows:
            yield writer.writerow([escape_cell(value) for value in row])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
