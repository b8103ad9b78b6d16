"""The tables say where each case comes from, hold no case twice, and are as large as promised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import (
    header_cases,
    name_cases,
    reply_cases,
    test_deadlines,
    test_forged_answers,
    test_replies,
    test_tls,
    url_cases,
)
from .cases import LIST, OWN

TABLES: dict[str, Sequence[Any]] = {
    "URLs": url_cases.CASES,
    "names": name_cases.CASES,
    "replies": reply_cases.CASES,
    "headers": header_cases.CASES,
    "headers that are saved already": header_cases.UNSENDABLE,
}


def test_every_case_names_its_kind_and_source() -> None:
    for table in TABLES.values():
        for case in table:
            assert case.kind
            assert case.source in (LIST, OWN)
        assert len({str(vars(case)) for case in table}) == len(table)


def test_there_are_enough_of_them() -> None:
    sizes = {name: len(table) for name, table in TABLES.items()}
    assert sizes["URLs"] >= 300
    assert sizes["names"] >= 50
    assert sizes["replies"] >= 130
    assert sizes["headers"] >= 75
    assert len(test_deadlines.DRIPS) >= 12
    assert len(test_tls.BAD) >= 8
    assert len(test_forged_answers.CASES) >= 25
    assert len(test_replies.FLOODS) >= 6
