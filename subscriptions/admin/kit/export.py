"""CSV export: streamed, limited in rows, and without formulas that a spreadsheet would run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

MAX_ROWS = 50_000  # per file
# Excel, LibreOffice and Google Sheets read these as the start of a formula, even after a tab or CR.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def escape_cell(value: object) -> str:
    """The value as text that a spreadsheet does not run as a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \n").startswith(_FORMULA) or text.startswith(_FORMULA) else text


def format_time(value: datetime | None, zone: tzinfo) -> str:
    """ISO 8601 with seconds and offset."""
    return value.astimezone(zone).isoformat(timespec="seconds") if value else ""


class _Echo:
    def write(self, line: str) -> str:
        return line


def limit_rows(rows: QuerySet[Any], noun: str) -> Iterator[Any]:
    """Yield the first MAX_ROWS rows and, if there are more, a final string that says so."""
    for number, row in enumerate(rows[: MAX_ROWS + 1].iterator(chunk_size=1000)):
        if number == MAX_ROWS:
            yield f"This file contains the first {MAX_ROWS:,} {noun} only. Choose a shorter period to get the rest."
            return
        yield row


def csv_response(name: str, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    def lines() -> Iterator[str]:
        writer = csv.writer(_Echo())
        yield "\ufeff"  # the byte order mark makes Excel read UTF-8
        yield writer.writerow(heading)
        for row in rows:
            yield writer.writerow([escape_cell(value) for value in row])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
