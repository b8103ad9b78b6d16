"""Natural keys: `external_source` and `external_id` name a call, text or form in the system it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model

NATURAL_KEY = ("external_source", "external_id")
MOST_ATTEMPTS = 3

T = TypeVar("T", bound=Model)
R = TypeVar("R")


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


def run_once(work: Callable[[], R], constraint: str) -> R:
    """Run `work` in a transaction, or a savepoint in the caller's: undoing an insert needs one of the two. If another
    transaction inserted a row with the same key at the same moment, `work` runs again, and finds that row.

    `constraint`: the unique constraint on the key."""
    attempt = 1
    while True:
        try:
            with transaction.atomic():
                return work()
        except IntegrityError as error:
            if not violates(error, constraint) or attempt == MOST_ATTEMPTS:
                raise
            attempt += 1


def create_once(create: Callable[[], T], *, find: Callable[[], T | None], constraint: str) -> tuple[T, bool]:
    """The row, and whether it is new. A row that `find` finds by its natural key is returned unchanged. `create` makes
    and saves the row."""

    def find_or_create() -> tuple[T, bool]:
        known = find()
        return (known, False) if known is not None else (create(), True)

    return run_once(find_or_create, constraint)
