"""Cells of files that are made to cost: each took hours of a process."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from callhooks_site.intake.imports.moments import read_time
from callhooks_site.intake.imports.row_parties import find_parties, number_in

LONG = ["1" + " " * 1_000_000 + "1", "(" * 1_000_000, "x" * 1_000_000 + "1", "1 12:00" + " at " * 250_000 + "1"]


@pytest.mark.parametrize("text", LONG, ids=["spaces", "brackets", "letters", "words"])
def test_a_long_text_is_no_number_and_no_time(text: str):
    assert number_in(text) == ""
    assert read_time(text, ZoneInfo("UTC"), "us") is None
    find_parties({"direction": "inbound"}, {"from_number": text, "to_number": text}, {}, lambda _: False)
