"""Read all rows of a company of one kind, a bounded number at a time, along an index that begins with the company."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import IntegerField, Model, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.dateparse import parse_datetime

from .columns import as_bytes

MOST_BYTES = 20_000_000  # of a step: some seconds of looking for a number, of which odd text takes most


class Walk(NamedTuple):
    """`order`: the columns of the index behind the company, the last one the key. `most`: rows of a step. `more`: SQL,
    the bytes of what is read with a row."""

    model: type[Model]
    order: tuple[str, ...] = ("pk",)
    most: int = 500
    company: str = "company"
    more: str = "0"

    def rows(self, company: int, before: datetime | None = None) -> QuerySet[Any]:
        mine = self.model._default_manager.filter(**{self.company: company})
        return mine if before is None else mine.filter(created_at__lte=before)

    def next(self, rows: QuerySet[Any], cursor: Any) -> tuple[list[Any], Any]:
        """The keys of the next rows, and the place behind them; None at the end."""
        if cursor is not None:
            rows = rows.filter(_after(self.order, [_read(one) for one in cursor]))
        size = RawSQL(f"{as_bytes(self.model)} + {self.more}", (), IntegerField())
        read = list(
            rows.order_by(*self.order).annotate(row_bytes=size).values_list(*self.order, "row_bytes")[: self.most]
        )
        found: list[list[Any]] = []
        left = MOST_BYTES
        for *place, size_of_row in read:
            if found and size_of_row > left:
                break
            found.append(place)
            left -= size_of_row
        ended = len(found) == len(read) < self.most
        return [row[-1] for row in found], None if ended else [_write(value) for value in found[-1]]


def _after(order: Sequence[str], place: Sequence[Any]) -> Q:
    """Rows behind a place, said so that the index leads there."""
    if len(order) == 1:
        return Q(**{f"{order[0]}__gt": place[0]})
    first, key = order
    return Q(**{f"{first}__gte": place[0]}) & (
        Q(**{f"{first}__gt": place[0]}) | Q(**{first: place[0], f"{key}__gt": place[1]})
    )


def _write(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return {"at": value.isoformat()}
    return {"id": str(value)} if isinstance(value, UUID) else value


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return UUID(value["id"]) if "id" in value else parse_datetime(value["at"])
    return value
