"""Further tables that are counted by the day together with ours, so that calls have one kind of mark and one sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


def rows_between(table: str, at: str, company: str, since: str, before: str, condition: str = "true") -> str:
    """A subquery: the rows of a company from one time to the other, looked up by both.

    OFFSET 0 stops PostgreSQL from flattening the subquery into a join, which reads all that a company has for each of
    its days. The ORDER BY matches the index by company, time and id, so that it is chosen with statistics from when
    the table was empty, too: an index by person and time then looks as good, and all of it is read for each company."""
    return f"""(
       SELECT * FROM {table} WHERE company_id = {company} AND {condition} AND {at} >= {since} AND {at} < {before}
        ORDER BY {at} DESC, id DESC OFFSET 0)"""


def rows_of_day(table: str, at: str, condition: str = "true") -> str:
    """The same for the day of `given g`."""
    zone = "AT TIME ZONE g.time_zone"
    return rows_between(
        table, at, "g.company_id", f"g.day::timestamp {zone}", f"(g.day + 1)::timestamp {zone}", condition
    )


class Items(NamedTuple):
    """What is counted of a table with a company, by the time in the column `at`."""

    table: str
    at: str
    condition: str = "true"

    def first(self, *, since: str) -> str:
        """A subquery: the time of the first of company `c.id`, from the time `since` on."""
        return self._one(f"x.{self.at} >= {since}", f"x.company_id DESC, x.{self.at}, x.id")

    def last(self) -> str:
        return self._one("true", f"x.company_id, x.{self.at} DESC, x.id DESC")

    def _one(self, also: str, order: str) -> str:
        # BETWEEN: of an equality PostgreSQL thinks what the statistics say, and while they know of one company it would
        # read all rows for each.
        return (
            f"(SELECT x.{self.at} FROM {self.table} x WHERE x.company_id BETWEEN c.id AND c.id"
            f" AND {self.condition} AND {also} ORDER BY {order} LIMIT 1)"
        )


@dataclass(frozen=True)
class DayTables:
    """`names`: tables with a company and a day, whose rows of a day are counted anew. `insert`: the rest of a statement
    that begins with `given`, the companies and their days. `items`: what it counts beside calls."""

    names: Sequence[str]
    insert: str
    items: Sequence[Items] = ()


_known: list[DayTables] = []


def count_also(tables: DayTables) -> None:
    _known.append(tables)


def all_tables() -> list[DayTables]:
    return list(_known)
