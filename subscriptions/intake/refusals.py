"""Keep refused items for an admin to see, in a bounded number, until somebody accepts or dismisses them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from ..counters.known import REFUSED
from .errors import Refused
from .models import RefusedItem

State = RefusedItem.State


@dataclass(frozen=True)
class Limit:
    """How many open items of one source are kept: in all and, if given, of the last minute. With `reasons`, only items
    refused for these are counted."""

    open: int
    per_minute: int | None = None
    reasons: Collection[str] = ()

    def is_reached(self, rows: QuerySet[Any]) -> bool:
        if self.reasons:
            rows = rows.filter(reason__in=self.reasons)
        if rows[: self.open].count() >= self.open:
            return True
        if self.per_minute is None:
            return False
        recent = rows.filter(received_at__gt=Now() - timedelta(minutes=1))
        return recent[: self.per_minute].count() >= self.per_minute


def keep(row: RefusedItem, limit: Limit) -> bool:
    """Store this unsaved row; if the same item is open already, count it there. False when the limit is reached and the
    item was only counted at its source."""
    same = _open(row).filter(source=row.source_id, fingerprint=row.fingerprint)
    why = {"reason": row.reason, "detail": row.detail}
    listed = True
    if not same.update(times=F("times") + 1, **why):
        if limit.is_reached(_open(row).filter(source=row.source_id)):
            listed = False
        else:
            try:
                with transaction.atomic():
                    row.save(force_insert=True)
            except IntegrityError:  # the same item was stored at the same moment
                same.update(times=F("times") + 1, **why)
    row.source.count_refused(listed=listed)
    REFUSED.add(row._meta.model_name or "", row.reason)
    return listed


@contextmanager
def accepting(row: RefusedItem) -> Iterator[None]:
    """Accept a refused item in a transaction. If it is Refused again, the row shows the new reason."""
    try:
        with transaction.atomic():
            yield
    except Refused as refused:
        _open(row).filter(pk=row.pk).update(reason=refused.reason, detail=refused.detail)
        raise


def mark_accepted(row: RefusedItem, pks: Iterable[int]) -> None:
    """Close these rows of the same model as accepted."""
    type(row)._default_manager.filter(pk__in=pks).update(state=State.ACCEPTED, resolved_at=Now())


def dismiss(row: RefusedItem) -> None:
    _open(row).filter(pk=row.pk).update(state=State.DISMISSED, resolved_at=Now())


def _open(row: RefusedItem) -> QuerySet[Any]:
    rows: QuerySet[Any] = type(row)._default_manager.all()
    return rows.filter(state=State.OPEN)
