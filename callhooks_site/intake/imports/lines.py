"""Files → numbered lines, each an object or words about what is wrong with it. Only one line is held at a time."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TextIO

from subscriptions.lib.postgres_json import find_problems

MOST_COLUMNS = 500  # many times what the widest export has
LONGEST_LINE = 2_000_000  # characters: a call's transcript, many times over
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")  # what "surrogateescape" leaves
DELIMITERS = ",;\t"


class BadFile(Exception):
    """Nothing of the file can be read; words say why."""


@dataclass(frozen=True, slots=True)
class Line:
    number: int  # from 1; in CSV that of the row's last line
    said: Mapping[str, Any]
    error: str = ""


def read_json_lines(file: TextIO) -> Iterator[Line]:
    for number, line in _lines(file):
        if error := _fault(line):
            yield Line(number, {}, error)
        elif line.strip():
            yield _parsed(number, line)


def read_csv(file: TextIO, known: Sequence[str] = ()) -> tuple[list[str], Iterator[Line]]:
    """The columns of the header, and the rows by them. Empty cells are left out. A column that differs from one of
    `known` in capitals and spaces alone is that one. Raises BadFile."""
    csv.field_size_limit(LONGEST_LINE)
    header = file.readline(LONGEST_LINE)
    if not header.strip() or _fault(header):
        raise BadFile("The first line must name the columns, in UTF-8 or the encoding that was chosen.")
    delimiter = max(DELIMITERS, key=header.count)
    columns = [_column(name.strip(), known) for name in next(csv.reader([header], delimiter=delimiter))]
    if len(columns) > MOST_COLUMNS:
        raise BadFile(f"The first line names {len(columns):,} columns; {MOST_COLUMNS} are the most.")
    if twice := sorted(name for name, times in Counter(columns).items() if name and times > 1):
        raise BadFile(f"The first line names a column twice: {', '.join(twice)}.")
    return columns, _rows(file, columns, delimiter)


def _column(name: str, known: Sequence[str]) -> str:
    folded = name.lower().replace(" ", "_")
    return folded if folded in known else name


def _rows(file: TextIO, columns: Sequence[str], delimiter: str) -> Iterator[Line]:
    bare = (line for _, line in _lines(file))
    reader = csv.reader(bare, delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(reader.line_num + 1, {}, f"This cannot be read as CSV ({error}).")
            continue
        number = reader.line_num + 1  # the header was the first
        if not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(columns) :]):
            words = f"There are {len(cells)} cells and {len(columns)} columns. Is a text with {delimiter!r} unquoted?"
            yield Line(number, {}, words)
            continue
        said = {name: cell for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}
        yield Line(number, said, next(filter(None, map(_fault, said.values())), ""))


def _lines(file: TextIO) -> Iterator[tuple[int, str]]:
    """A line that is too long is cut, one character longer than allowed; its rest is read past."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        rest = line
        while rest and not rest.endswith("\n"):
            rest = file.readline(LONGEST_LINE)
        yield number, line


def _fault(text: str) -> str:
    if len(text) > LONGEST_LINE:
        return f"This line is longer than {LONGEST_LINE:,} characters."
    if _NOT_UTF8.search(text):
        return "This line is not in the encoding that was chosen. Choose the file's own, such as cp1252 (Windows)."
    return "This line holds a NUL character." if "\x00" in text else ""


def _parsed(number: int, line: str) -> Line:
    try:
        said = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return Line(number, {}, f"This is not JSON ({error}).")
    if not isinstance(said, dict):
        return Line(number, {}, "Each line must be a JSON object.")
    for path, words in find_problems(said):
        return Line(number, {}, f"{path[0]}: {words}" if path else words)
    return Line(number, said)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
