"""Read all rows of a company of one kind, a bounded number at a time, along an index that begins with the company."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime


class Walk(NamedTuple):
    """`order`: the columns of the index behind the company, the last one the key. `most`: rows of a step."""

    model: type[Model]
    order: tuple[str, ...] = ("pk",)
    most: int = 500
    company: str = "company"

    def rows(self, company: int, before: datetime | None = None) -> QuerySet[Any]:
        mine = self.model._default_manager.filter(**{self.company: company})
        return mine if before is None else mine.filter(created_at__lte=before)

    def next(self, rows: QuerySet[Any], cursor: Any) -> tuple[list[Any], Any]:
        """The keys of the next rows, and the place behind them; None at the end."""
        if cursor is not None:
            rows = rows.filter(_after(self.order, [_read(one) for one in cursor]))
        found = list(rows.order_by(*self.order).values_list(*self.order)[: self.most])
        ended = len(found) < self.most
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
