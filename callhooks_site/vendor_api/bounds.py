"""What no index can tell (a search, tags, another order) is read row by row, and so only where the range of time holds
a bounded number."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from calls.selectors import one_of

from .errors import BadRequest

MOST_READ = 50_000
Row = TypeVar("Row", bound=Model)


def bounded(in_range: QuerySet[Any], rows: QuerySet[Row], what: str, things: str) -> QuerySet[Row]:
    """`rows`, looked up by the keys of `in_range`, which an index finds: else the planner reads all rows of all
    companies when it is to look at some ten thousand. Raises BadRequest where the range has more than MOST_READ."""
    keys = in_range.values("pk")
    if keys[: MOST_READ + 1].count() > MOST_READ:
        raise BadRequest(
            f"{what} looks through at most {MOST_READ:,} {things}, and there are more in this range of time. Choose a "
            "shorter one with start_date and end_date."
        )
    return rows.filter(one_of("pk", keys))
