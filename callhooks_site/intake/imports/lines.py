"""Read a file as numbered lines: each is an object, or an error. Only one line is in memory at a time."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TextIO

from subscriptions.lib.postgres_json import find_problems

MOST_COLUMNS = 500  # many times as many as the widest export
LONGEST_LINE = 2_000_000  # characters: many times a call's transcript
_NOT_DECODED = re.compile(r"[\udc80-\udcff]")  # left by "surrogateescape"
DELIMITERS = ",;\t"
# The last one alone: old Macs write it, and some programs still do. With `newline=""` a line ends there, too.
LINE_ENDS = ("\n", "\r")
# A first line of its own by which spreadsheets of other countries say what separates the cells: `sep=;`.
_SEPARATOR = re.compile(r"\ufeff?\s*\"?sep=(.)\"?\s*", re.IGNORECASE)


class BadFile(Exception):
    """Nothing in the file can be read; the message says why."""


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


def read_csv(file: TextIO, known: Sequence[str] = ()) -> tuple[list[str], Iterator[Line]]:
    """The columns of the header, and the rows by column. Empty cells are left out. A column that differs from one of
    `known` only in capitals and spaces is that one. Raises BadFile."""
    csv.field_size_limit(LONGEST_LINE)
    header, first_row = file.readline(LONGEST_LINE), 2
    told = _SEPARATOR.fullmatch(header)
    if told:
        header, first_row = file.readline(LONGEST_LINE), 3
    if not header.strip() or _find_fault(header):
        raise BadFile("The first line must name the columns, in the chosen encoding.")
    delimiter = told[1] if told else max(DELIMITERS, key=header.count)
    columns = [_match_column(name.strip(), known) for name in next(csv.reader([header], delimiter=delimiter))]
    if len(columns) > MOST_COLUMNS:
        raise BadFile(f"The first line names {len(columns):,} columns; at most {MOST_COLUMNS} are allowed.")
    if twice := sorted(name for name, times in Counter(columns).items() if name and times > 1):
        raise BadFile(f"The first line names a column twice: {', '.join(twice)}.")
    return columns, _read_rows(file, columns, delimiter, first_row)


def _match_column(name: str, known: Sequence[str]) -> str:
    folded = name.lower().replace(" ", "_")
    return folded if folded in known else name


def _read_rows(file: TextIO, columns: Sequence[str], delimiter: str, first_row: int) -> Iterator[Line]:
    texts = (line for _, line in _split_lines(file))
    reader = csv.reader(texts, delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(reader.line_num + first_row - 1, {}, f"This line is not valid CSV ({error}).")
            continue
        number = reader.line_num + first_row - 1
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(columns) :]):
            words = f"There are {len(cells)} cells and {len(columns)} columns. Put a text with {delimiter!r} in quotes."
            yield Line(number, {}, words)
            continue
        values = {name: cell for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}
        yield Line(number, values, next(filter(None, map(_find_fault, values.values())), ""))


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
    if _NOT_DECODED.search(text):
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
