"""Read a file as numbered lines: each is an object, or an error. Only one line is in memory at a time."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NoReturn, TextIO

from subscriptions.lib.postgres_json import find_problems

from .bad_file import BadFile
from .encodings import NOT_DECODED
from .presets import columns_without_header

MOST_COLUMNS = 500  # many times as many as the widest export
LONGEST_LINE = 2_000_000  # characters: many times a call's transcript
DELIMITERS = ",;\t|"
# The last one alone: old Macs write it, and some programs still do. With `newline=""` a line ends there, too.
LINE_ENDS = ("\n", "\r")
# A first line of its own by which spreadsheets of other countries say what separates the cells: `sep=;`.
_SEPARATOR = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    number: int  # from 1; in CSV that of the row's last line
    values: Mapping[str, Any]
    error: str = ""


def read_json_lines(file: TextIO) -> Iterator[Line]:
    for number, line in _split_lines(file):
        if error := _find_fault(line):
            yield Line(number, {}, error)
        elif line.strip():
            yield _parse(number, line)


def read_csv(file: TextIO) -> tuple[list[str], Iterator[Line]]:
    """The columns of the header, and the rows by column. Empty cells are left out. Raises BadFile."""
    csv.field_size_limit(LONGEST_LINE)
    numbered = _split_lines(file)
    number, header = _first_line(numbered)
    if told := _SEPARATOR.fullmatch(header):
        number, header = _first_line(numbered)
    if not header or _find_fault(header):
        raise BadFile("The first line must name the columns, in the chosen encoding.")
    delimiter = told[1] if told else max(DELIMITERS, key=header.count)
    reader = csv.reader(chain([header], (line for _, line in numbered)), delimiter=delimiter)
    rows = _number_rows(reader, number - 1)
    _, cells = next(rows)
    if isinstance(cells, str):
        raise BadFile(f"The first line must name the columns. {cells}")
    advice = f"Put a text with {delimiter!r} in quotes."
    if columns := columns_without_header(cells):
        return columns, read_rows(chain([(number, cells)], rows), columns, (), advice)
    columns = name_columns(cells)
    return columns, read_rows(rows, columns, cells, advice)


def name_columns(header: Sequence[str]) -> list[str]:
    """A name for each column, different from all others: `column 3` for one without, `note (2)` for a second `note`."""
    if len(header) > MOST_COLUMNS:
        raise BadFile(f"The first line names {len(header):,} columns; at most {MOST_COLUMNS} are allowed.")
    columns: list[str] = []
    for place, given in enumerate(header, start=1):
        base = name = " ".join(given.split()) or f"column {place}"
        times = 1
        while name in columns:
            times += 1
            name = f"{base} ({times})"
        columns.append(name)
    return columns


def read_rows(
    rows: Iterable[tuple[int, list[str] | str]], columns: Sequence[str], header: Sequence[str], advice: str
) -> Iterator[Line]:
    """Rows by column; a text is the error of a row. Empty rows and repetitions of the header are left out: files that
    somebody joined have one in their middle."""
    repeated = [cell.strip() for cell in header]
    for number, cells in rows:
        if isinstance(cells, str):
            yield Line(number, {}, cells)
            continue
        stripped = [cell.strip() for cell in cells]
        if not any(stripped) or (repeated and stripped == repeated):
            continue
        if any(stripped[len(columns) :]):
            yield Line(number, {}, f"There are {len(cells)} cells and {len(columns)} columns. {advice}")
            continue
        values = {name: cell for name, cell in zip(columns, cells, strict=False) if cell.strip()}
        yield Line(number, values, next(filter(None, map(_find_fault, values.values())), ""))


def _first_line(numbered: Iterator[tuple[int, str]]) -> tuple[int, str]:
    """The first that is not blank, without a byte order mark."""
    for number, line in numbered:
        if (text := line.removeprefix("\ufeff")).strip():
            return number, text
    return 0, ""


def _number_rows(reader: Any, before: int) -> Iterator[tuple[int, list[str] | str]]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num + before, f"This line is not valid CSV ({error})."
            continue
        yield reader.line_num + before, cells


def _split_lines(file: TextIO) -> Iterator[tuple[int, str]]:
    """Numbered lines. One that is too long is cut one character after the limit; the rest of it is skipped."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        rest = line
        while rest and not rest.endswith(LINE_ENDS):
            rest = file.readline(LONGEST_LINE)
        yield number, line


def _find_fault(text: str) -> str:
    if len(text) > LONGEST_LINE:
        return f"This line is longer than {LONGEST_LINE:,} characters."
    if NOT_DECODED in text:
        return "This line is not in the chosen encoding. Choose the file's own, such as cp1252 (Windows)."
    return "This line contains a NUL character." if "\x00" in text else ""


def _parse(number: int, line: str) -> Line:
    try:
        values = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return Line(number, {}, f"This is not JSON ({error}).")
    if not isinstance(values, dict):
        return Line(number, {}, "Each line must be a JSON object.")
    for path, words in find_problems(values):
        return Line(number, {}, f"{path[0]}: {words}" if path else words)
    return Line(number, values)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
