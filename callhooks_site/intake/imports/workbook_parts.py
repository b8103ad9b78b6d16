"""Read the XML of one part of a workbook for what it would cost to read it: how far its cells reach, how often they use
which shared text."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from xml.parsers import expat

from .bad_file import BadFile

MOST_CELLS = 4_000_000  # between the first and the last; the library keeps 32 bytes for each
MOST_ELEMENTS = 6_000_000  # of a workbook: a sheet of a million and a half cells, in some seconds
_REFERENCE = re.compile(r"([A-Z]{1,7})(\d{1,9})")
NOT_A_WORKBOOK = "This .xlsx workbook cannot be read. Open it in a spreadsheet and save it again, or as CSV."


class PartCheck:
    """Raises BadFile: for a document type (its entities could unfold without end), for XML that is none, and for too
    many cells. `elements`: how many the parts before had."""

    def __init__(self, elements: int = 0) -> None:
        self.shared_lengths: list[int] = []  # of the shared texts, if this part has them
        self.shared_used: Counter[int] = Counter()  # index of a shared text → cells that have it
        self.elements = elements
        self._rows = self._columns = self._row = self._column = 0
        self._row_reference = self._cell_reference = self._cell_type = self._index = ""
        self._in_cell = self._placed = self._in_value = self._in_shared = False
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._read_text

    def feed(self, chunk: bytes, last: bool = False) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise BadFile(NOT_A_WORKBOOK) from error

    def close(self) -> None:
        self.feed(b"", last=True)

    def _refuse(self, *_: object) -> None:
        raise BadFile("This workbook declares a document type, which no spreadsheet writes. Save it again, or as CSV.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise _too_large()
        name = tag.rpartition(":")[2]
        if name == "c":
            self._in_cell, self._placed = True, False
            self._column += 1
            self._cell_reference, self._cell_type = attributes.get("r", ""), attributes.get("t", "")
        elif self._in_cell:
            if not self._placed:  # the cell has something in it
                self._place()
                self._placed = True
            self._in_value, self._index = name == "v" and self._cell_type == "s", ""
        elif name == "row":
            self._row, self._column = self._row + 1, 0
            self._row_reference = attributes.get("r", "")
        elif name == "si":
            self._in_shared = True
            self.shared_lengths.append(0)

    def _read_text(self, text: str) -> None:
        if self._in_value:
            self._index += text
        elif self._in_shared:
            self.shared_lengths[-1] += len(text)

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self._in_cell = False
        elif name == "si":
            self._in_shared = False
        elif self._in_value:
            self._in_value = False
            if not re.fullmatch(r"\s*\d{1,9}\s*", self._index):
                raise BadFile(NOT_A_WORKBOOK)
            self.shared_used[int(self._index)] += 1

    def _place(self) -> None:
        if match := _REFERENCE.fullmatch(self._cell_reference):
            self._column = _column_number(match[1])
            self._row = max(self._row, int(match[2]))
        elif self._cell_reference:
            raise BadFile(NOT_A_WORKBOOK)
        if self._row_reference:
            if not re.fullmatch(r"\d{1,9}", self._row_reference):
                raise BadFile(NOT_A_WORKBOOK)
            self._row = max(self._row, int(self._row_reference))
        self._rows, self._columns = max(self._rows, self._row), max(self._columns, self._column)
        if self._rows * self._columns > MOST_CELLS:
            raise _too_large()


@lru_cache(maxsize=1_000)
def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _too_large() -> BadFile:
    return BadFile(
        f"This sheet reaches over more than {MOST_CELLS:,} cells. Delete what lies far outside the table, or save it "
        "as CSV."
    )
