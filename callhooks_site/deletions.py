"""What an operator is told before a row is deleted: how much goes with it.

Django lists all of it, with a query for each row: of somebody who is a member of 10,000 companies a page of a megabyte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.db.models.deletion import CASCADE, DO_NOTHING, PROTECT, RESTRICT


def preview_deletion(rows: Sequence[Model]) -> tuple[list[Any], dict[str, int], list[str]]:
    """The rows, each as text, with how many others refer to them; the same counts by name; and what forbids it."""
    model = type(rows[0])
    with_them: list[str] = []
    counts = {str(model._meta.verbose_name_plural): len(rows)}
    forbidden: list[str] = []
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and not relation.concrete and (relation.one_to_one or relation.one_to_many)):
            continue
        on_delete = getattr(relation, "on_delete", DO_NOTHING)
        if on_delete not in (CASCADE, PROTECT, RESTRICT):
            continue
        other: Any = relation.related_model
        number = other._base_manager.filter(**{f"{relation.field.name}__in": rows}).count()  # type: ignore[union-attr]
        if not number:
            continue
        name = str(other._meta.verbose_name if number == 1 else other._meta.verbose_name_plural)
        if on_delete is CASCADE:
            with_them.append(f"{number:,} {name}")
            counts[str(other._meta.verbose_name_plural)] = number
        else:
            forbidden.append(f"{number:,} {name}")
    listed: list[Any] = [str(row) for row in rows]
    return [*listed, with_them] if with_them else listed, counts, forbidden
