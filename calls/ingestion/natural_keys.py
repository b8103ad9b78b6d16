"""Natural keys: `external_source` and `external_id` name a call, text or form in the system it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model

NATURAL_KEY = ("external_source", "external_id")

T = TypeVar("T", bound=Model)


def natural_key(data: Mapping[str, Any]) -> dict[str, str]:
    """The natural key as a filter; empty without an `external_id`."""
    if not data.get("external_id"):
        return {}
    return {name: data[name] for name in NATURAL_KEY}


def check_natural_key(data: Mapping[str, Any]) -> None:
    """Raises ValidationError for an id without its source."""
    if data.get("external_id") and not data.get("external_source"):
        words = "Say which system this id comes from: two systems may use the same ids."
        raise ValidationError({"external_source": words})


def violates(error: IntegrityError, constraint: str) -> bool:
    """Whether the error comes from the constraint with this name."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) == constraint


def create_once(build: Callable[[], T], *, find: Callable[[], T | None], constraint: str) -> tuple[T, bool]:
    """The row, and whether it is new. A row that `find` finds by its natural key is returned unchanged.

    `build` makes the unsaved row; its `save` must open a savepoint. `constraint` is the unique constraint that catches
    a row with the same key that was saved at the same moment."""
    with transaction.atomic():
        if known := find():
            return known, False
        row = build()
        try:
            row.save(force_insert=True)
        except IntegrityError as error:
            known = find() if violates(error, constraint) else None
            if known is None:
                raise
            return known, False
        return row, True
