"""No cell of an export is run by a spreadsheet, whatever separator it reads the file with."""

from __future__ import annotations

import ast
import csv
import io
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from subscriptions.admin.kit.export import csv_response, escape_cell

ROOT = Path(__file__).resolve().parents[2]
STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
HARMFUL = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", '"=1+1', "'=1+1", "\u200b=1+1",
    "\ufeff=1+1", "\u00a0=1+1", "\uff1d1+1", "x;=cmd|' /C calc'!A0", "x; =1", 'x;"=1', "x,=1", "x\t=1", "x|=1", "x\n=1",
    "x\r\n=1", "x\u2028=1", ";;=1", "x;+1", "x;-1", "x;@A1", '";=1', '"";"=1', "a;b;c;=d",
    "x:=1", "x;\u200b=1", "x;\x00=1",
]  # fmt: skip
SEPARATORS = [",", ";", "\t", "|", ":"]


def cells(line: str) -> list[str]:
    """Every cell that a spreadsheet could see: with each separator, and with or without a regard for quotes."""
    found = []
    for separator in SEPARATORS:
        read = csv.reader(io.StringIO(line.replace("\x00", ""), newline=""), delimiter=separator)
        with suppress(csv.Error):
            found += [cell for row in read for cell in row]
        for row in line.replace("\r", "\n").replace("\u2028", "\n").split("\n"):
            found += [cell.strip('"') for cell in row.split(separator)]
    return found


@pytest.mark.parametrize("given", HARMFUL, ids=ascii)
@pytest.mark.parametrize("place", ["first", "last", "both"])
def test_it_is_text_for_every_spreadsheet(given, place):
    row = {"first": [given, "x"], "last": ["x", given], "both": [given, given]}[place]
    written = b"".join(csv_response("x", ["A", "B"], [row]).streaming_content).decode()
    line = written.split("\r\n", 1)[1]
    assert [cell for cell in cells(line) if cell.strip(' \u00a0\u200b\ufeff"').startswith(STARTS)] == []


@pytest.mark.parametrize("value", [-5, -1.25, Decimal("-7.50"), 0, 12])
def test_numbers_stay_numbers(value):
    assert escape_cell(value) == str(value)


HARMLESS = ["Ann Example", "2026-01-31T09:00:00-05:00", "https://example.com/a?b=c", "a - b", "x=1", ""]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays_as_it_is(text):
    assert escape_cell(text) == text


@pytest.mark.parametrize("blank", ["\t", "\n", "\x1c", "\u2028", " ", "'"], ids=ascii)
def test_a_long_text_of_blanks_costs_no_more_than_its_length(blank):
    """Anybody can send a form of them: by the square of it, this took the export an hour."""
    text = f"x{blank * 500_000}y{blank * 500_000}="
    assert escape_cell(text) in (text, f"{text[:-1]}'=")


def writes_csv(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute) and node.attr in ("writer", "DictWriter") and ast.unparse(node.value) == "csv"
    )


def test_this_is_the_only_place_that_writes_csv():
    writers = [
        path.relative_to(ROOT).as_posix()
        for package in ("subscriptions", "calls", "messaging", "forms_intake", "callhooks_site")
        for path in (ROOT / package).rglob("*.py")
        if "csv" in (source := path.read_text()) and any(writes_csv(node) for node in ast.walk(ast.parse(source)))
    ]
    assert writers == ["subscriptions/admin/kit/export.py"]
