"""Which index serves a list of millions of rows, and how many rows a page scans.

Filters that the index serves cost only what they find. Other filters are checked row by row, so the list scans at most
a fixed number of rows, shows how far back that reached, and links to the older ones. The cost of a page depends on this
limit, not on the size of the table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, Q, QuerySet, Value
from django.http import HttpRequest

from ...lib import opaque
from ...tenancy.access import access_of
from .filters import is_id

# Rows that a page scans: more than most companies have in a day, in less than 100 ms (docs/design.md).
SCAN_LIMIT = 50_000


@dataclass(frozen=True, slots=True)
class IndexScan:
    """How to read a list along an index.

    - `parts`: the indexed rows, newest first, one queryset per company.
    - `by`: the field of these rows that marks a position; `path` leads to it from the list's rows.
    - `time`: their field with a time that decreases with the position; "" if there is none.
    - `order`: the order of the list.
    - `served`: parameters of the filters that the index serves.
    - `narrowed`: a condition that holds for all rows of the list and lets PostgreSQL use the index.
    - `most`: the scan limit, if it is not SCAN_LIMIT.
    - `split`: with several companies, the condition for each one's rows. Separate queries use the index; one query
      for all would read and sort everything.
    - `through`: rows that `path` must lead to, if the planner needs the limits on them too.
    """

    parts: tuple[QuerySet[Any], ...]
    by: str
    path: str
    time: str
    order: tuple[str, ...]
    served: frozenset[str]
    narrowed: Q = field(default_factory=Q)
    most: int | None = None
    split: tuple[Q, ...] = ()
    through: QuerySet[Any] | None = None

    @property
    def bound(self) -> int:
        """How many rows a page scans."""
        return SCAN_LIMIT if self.most is None else self.most

    def parse_position(self, text: str) -> Any:
        """Parse a position from the query string. Raises ValidationError."""
        model = self.parts[0].model
        of_time = self.by != "pk" and isinstance(model._meta.get_field(self.by), DateTimeField)
        try:
            return opaque.parse_moment(text) if of_time else opaque.parse_key(model, text)
        except ValueError:
            raise ValidationError("This position is not one of the list.") from None

    def cut(self, *, before: Any = None, ends_at: Any = None) -> Q:
        """The condition for rows of the list between two positions."""
        bounds = {name: value for name, value in (("lt", before), ("gte", ends_at)) if value is not None}
        cut = Q(**{f"{self.path}__{name}": value for name, value in bounds.items()})
        if self.through is None:
            return cut
        rows = self.through.filter(**{f"{self.by}__{name}": value for name, value in bounds.items()})
        return cut & Q(**{f"{self.path}__in": rows.values("pk")})

    def ends_at(self, before: Any = None) -> tuple[Any, datetime | None] | None:
        """The position and time of the last row to scan from `before` on; None if the scan reaches the end.

        Rows with the same position stay on the same side, so none is skipped."""
        share = max(1, self.bound // len(self.parts))
        last = [
            (part if before is None else part.filter(**{f"{self.by}__lt": before})).values_list(
                self.by, self.time or Value(None, DateTimeField())
            )[share : share + 1]
            for part in self.parts
        ]
        found = last[0] if len(last) == 1 else last[0].union(*last[1:], all=True)
        return max(found, key=lambda row: row[0], default=None)


def split_by(companies: list[int], *paths: str) -> tuple[Q, ...]:
    """A condition per company, along each of `paths`. Empty for a single company."""
    if len(companies) < 2:
        return ()
    return tuple(Q(**dict.fromkeys(paths, company)) for company in companies)


def asked_companies(request: HttpRequest) -> list[int] | None:
    """The companies of the list: the chosen one, or all accessible ones. None for an operator's, and for those of an
    agency, which are too many to read each one's index."""
    access, chosen = access_of(request), request.GET.get("company", "")
    if chosen:
        asked = [int(chosen)] if is_id(chosen) else []
        return [company for company in asked if access.may_read(company)]
    return None if access.all_companies or access.is_agency else sorted(access.roles)
