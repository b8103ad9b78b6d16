"""Open a file as a table: its columns and its lines, whether it is CSV, JSON Lines or a workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import PurePath
from typing import IO, Literal

from .bad_file import BadFile
from .encodings import AUTO, ON_ERROR, guess_encoding
from .lines import Line, name_columns, read_csv, read_json_lines, read_rows
from .workbook import read_sheet

Form = Literal["csv", "jsonl", "xlsx"]
FORMS: dict[str, Form] = {
    ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xlsx": "xlsx",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    columns: list[str]  # none of JSON Lines, whose lines have names of their own
    lines: Iterator[Line]
    cells: bool  # the values are texts of cells
    note: str = ""  # what is not read of the file
    close: Callable[[], None] = lambda: None


def find_form(name: str) -> Form | None:
    return FORMS.get(PurePath(name).suffix.lower())


def open_table(file: IO[bytes], form: Form, *, encoding: str = AUTO, sheet: str = "") -> Table:
    """Raises BadFile, and LookupError for an unknown encoding."""
    if form == "xlsx":
        return _open_sheet(file, sheet)
    # A line in another encoding is an error of that line alone.
    text = TextIOWrapper(
        file, encoding=guess_encoding(file) if encoding == AUTO else encoding, errors=ON_ERROR, newline=""
    )
    if form == "jsonl":
        return Table([], read_json_lines(text), cells=False, close=text.close)
    try:
        columns, lines = read_csv(text)
    except BadFile:
        text.close()
        raise
    return Table(columns, lines, cells=True, close=text.close)


def _open_sheet(file: IO[bytes], sheet: str) -> Table:
    rows, note = read_sheet(file, sheet)
    header: list[str] = next((cells for _, cells in rows if any(cell.strip() for cell in cells)), [])
    while header and not header[-1].strip():  # columns without a name after the last that has one
        header.pop()
    if not header:
        raise BadFile("The first line of the sheet must name the columns.")
    columns = name_columns(header)
    lines = read_rows(rows, columns, header, "Give each column a name in the first line.")
    return Table(columns, lines, cells=True, note=note)
