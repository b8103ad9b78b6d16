"""Objects out of and into SQL of our own, for the few statements that every request makes: the framework puts a query
together anew each time, and takes longer for that than the database takes to answer it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, Model

M = TypeVar("M", bound=Model)


class Columns(Generic[M]):
    """A model's columns, of the table or of its alias in the SQL; `without` are fields that are read when somebody
    asks for them. A field whose values are not as the driver gives them cannot be among the columns."""

    def __init__(self, model: type[M], alias: str = "", *, without: Collection[str] = ()) -> None:
        self._model, self._alias, self._without = model, alias, without

    @cached_property
    def _fields(self) -> list[Field[Any, Any]]:
        fields = [field for field in self._model._meta.concrete_fields if field.name not in self._without]
        for field in fields:
            if field.get_db_converters(connection):  # type: ignore[attr-defined]
                raise TypeError(f"{field} has to be converted when it is read: leave it out.")
        return fields

    @cached_property
    def _names(self) -> list[str]:
        return [field.attname for field in self._fields]

    @cached_property
    def sql(self) -> str:
        """What to SELECT, or to RETURN."""
        before = f"{self._alias}." if self._alias else ""
        return ", ".join(f"{before}{field.column}" for field in self._fields)

    def build(self, row: Sequence[Any], start: int = 0) -> M | None:
        """The object whose columns begin there in the row; None where an outer join found none."""
        values = row[start : start + len(self)]
        if all(value is None for value in values):
            return None
        return self._model.from_db(DEFAULT_DB_ALIAS, self._names, values)

    def __len__(self) -> int:
        return len(self._fields)


def insert_rows(objects: Sequence[M]) -> None:
    """`bulk_create` in one statement of one parameter, for new objects of one model whose values are of the right kind.
    What the database fills in, the key and defaults of its own, they have afterwards."""
    if not objects:
        return
    statement, fields, filled_in = _insertion(type(objects[0]))
    rows = [{field.column: field.pre_save(each, add=True) for field in fields} for each in objects]
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(rows, default=_as_text)])
        for each, row in zip(objects, cursor.fetchall(), strict=True):
            for field, value in zip(filled_in, row, strict=True):
                setattr(each, field.attname, value)
            each._state.adding, each._state.db = False, connection.alias


@cache
def _insertion(model: type[Model]) -> tuple[str, list[Any], list[Any]]:
    """The statement, the fields that it writes, and those that the database fills in."""
    every: list[Any] = list(model._meta.concrete_fields)
    filled_in = [field for field in every if field.primary_key or (field.has_db_default() and not field.has_default())]
    fields = [field for field in every if field not in filled_in]
    table, columns = model._meta.db_table, ", ".join(field.column for field in fields)
    return (
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s) "
        f"RETURNING {', '.join(field.column for field in filled_in)}",
        fields,
        filled_in,
    )


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{value!r} cannot be inserted so.")
