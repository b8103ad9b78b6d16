"""Further tables that are counted by the day together with ours, so that calls have one kind of mark and one sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DayTables:
    """`names`: tables with a company and a day, whose rows of a day are counted anew. `insert`: the rest of a statement
    that begins with `given`, the companies and their days. `firsts`: subqueries of the time of the first thing that a
    company has since `s.reached`, beside its calls."""

    names: Sequence[str]
    insert: str
    firsts: Sequence[str] = ()


_known: list[DayTables] = []


def count_also(tables: DayTables) -> None:
    _known.append(tables)


def all_tables() -> list[DayTables]:
    return list(_known)
