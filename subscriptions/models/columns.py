"""Read and update model instances with hand-written SQL, for the few statements that every API request runs.
The ORM builds each query anew, which takes longer than the database takes to answer it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, Model

from .subject import EventSubject

M = TypeVar("M", bound=Model)


class Columns(Generic[M]):
    """The columns of a model for a SELECT, with the table's `alias` in the SQL. Fields in `without` are deferred."""

    def __init__(self, model: type[M], alias: str = "", *, without: Collection[str] = ()) -> None:
        self._model, self._alias, self._without = model, alias, without

    @cached_property
    def _fields(self) -> list[Field[Any, Any]]:
        return [field for field in self._model._meta.concrete_fields if field.name not in self._without]

    @cached_property
    def _converters(self) -> list[tuple[int, Any]]:
        """The place of each value that its field converts, such as JSON, and how."""
        return [
            (place, convert)
            for place, field in enumerate(self._fields)
            for convert in field.get_db_converters(connection)  # type: ignore[attr-defined]
        ]

    @cached_property
    def _key(self) -> int:
        return next(place for place, field in enumerate(self._fields) if field.primary_key)

    @cached_property
    def _names(self) -> list[str]:
        return [field.attname for field in self._fields]

    @cached_property
    def sql(self) -> str:
        """The list of columns, for SELECT or RETURNING."""
        before = f"{self._alias}." if self._alias else ""
        return ", ".join(f"{before}{field.column}" for field in self._fields)

    def build(self, row: Sequence[Any], start: int = 0) -> M | None:
        """The instance whose columns begin at `start` of the row; None where an outer join found no row."""
        if row[start + self._key] is None:
            return None
        values = row[start : start + len(self)]
        if self._converters:
            values = list(values)
            for place, convert in self._converters:
                values[place] = convert(values[place], None, connection)
        return self._model.from_db(DEFAULT_DB_ALIAS, self._names, values)

    def __len__(self) -> int:
        return len(self._fields)


def build_update(row: EventSubject, names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """An UPDATE of these fields of a stored call, text or form, to be a part of another statement, and its values. They
    must already have their Python types."""
    statement, fields = _build_update(type(row), frozenset(names))
    values = {field.column: field.pre_save(row, add=False) for field in fields}
    return statement, {"changes": json.dumps(values, default=as_text), "changed": row.resource_id}


@cache
def _build_update(model: type[Model], names: frozenset[str]) -> tuple[str, list[Any]]:
    fields: list[Any] = [field for field in model._meta.concrete_fields if field.name in names]
    table, columns = model._meta.db_table, ", ".join(field.column for field in fields)
    return (
        f"UPDATE {table} SET ({columns}) = (SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %(changes)s)) "
        # `resource_id` is in one index only. With statistics from when the table was empty, PostgreSQL may take an
        # index that merely ends in `id`, and scan all of it.
        "WHERE resource_id = %(changed)s",
        fields,
    )


def as_text(value: Any) -> str:
    """For `json.dumps`: values of columns that JSON has no type for."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{value!r} cannot be inserted as JSON.")
