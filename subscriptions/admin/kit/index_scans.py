"""Which index a list of millions of rows is read along, and how far.

An index serves some filters: they cost what they find. The others are looked for row by row, so with them a list looks
through a bounded number of rows, says how far back that led, and offers to look further. What a page costs depends on
this bound then, not on how many rows there are or how rare the wanted ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, Q, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone

from .access import access_of
from .filters import is_id

# Rows that a page looks through: more than most companies have in a day, and less than 100 ms (docs/design.md).
SCAN_LIMIT = 50_000
MAX_SPLIT_COMPANIES = 50  # companies; a query of many more parts takes longer to plan than it saves


@dataclass(frozen=True, slots=True)
class IndexScan:
    """`parts` are the rows that the index leads to, one queryset for each company, newest first; `by` is their field
    that marks a place, and `path` leads to it from the list's rows. `time` is their field of a time that goes back with
    the place, empty where there is none. `order` is the list's. `served` are the parameters of filters that the index
    serves. `narrowed` holds for every row of the list: with it the index can be used.

    With several companies, `split` are the conditions of each one's rows in the list: asked for one by one, each is
    read along the index, where all at once would be read from its beginning to its end and sorted. `through` are the
    rows that `path` must lead to, where the planner would not see by itself that they are cut as the list is."""

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
        """How many rows are looked through."""
        return SCAN_LIMIT if self.most is None else self.most

    def place(self, text: str) -> Any:
        """A place out of an address; ValidationError where it is none."""
        options: Any = self.parts[0].model._meta
        place = (options.pk if self.by == "pk" else options.get_field(self.by)).to_python(text)
        if not isinstance(place, datetime):
            return place
        if timezone.is_naive(place) or not 1970 < place.year < 2200:
            raise ValidationError("A time without its zone, or one that no row can have, is no place.")
        return place

    def cut(self, *, before: Any = None, ends_at: Any = None) -> Q:
        """The condition on the list's rows that lie between two places."""
        bounds = {name: value for name, value in (("lt", before), ("gte", ends_at)) if value is not None}
        cut = Q(**{f"{self.path}__{name}": value for name, value in bounds.items()})
        if self.through is None:
            return cut
        rows = self.through.filter(**{f"{self.by}__{name}": value for name, value in bounds.items()})
        return cut & Q(**{f"{self.path}__in": rows.values("pk")})

    def ends_at(self, before: Any = None) -> tuple[Any, datetime | None] | None:
        """The place of the last row that is looked at, reading on from `before`, and its time; None where it is all.

        Rows of the same place belong together on both sides of it, so none is passed by."""
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
    """Conditions on the company, found along each of `paths`; none for one company alone."""
    if not 1 < len(companies) <= MAX_SPLIT_COMPANIES:
        return ()
    return tuple(Q(**dict.fromkeys(paths, company)) for company in companies)


def asked_companies(request: HttpRequest) -> list[int] | None:
    """The companies of the list's rows: the chosen one, or all that are reached; None for all there are."""
    access, chosen = access_of(request), request.GET.get("company", "")
    if chosen:
        asked = [int(chosen)] if is_id(chosen) else []
        return asked if access.all_companies else [company for company in asked if company in access.roles]
    return None if access.all_companies else sorted(access.roles)
