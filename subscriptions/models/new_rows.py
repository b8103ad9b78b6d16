"""Make and insert new model instances with hand-written SQL, for the rows of every API request that brings one in."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import DateTimeField, Field, Model

from ..database.prepared import fetch_prepared
from .columns import as_text

M = TypeVar("M", bound=Model)


def build_new(model: type[M], **values: Any) -> M:
    """What `model(**values)` makes, an instance that is not stored yet. Django's constructor asks each field for its
    default anew, which takes longer than all the rest of it."""
    row = model(*[make() if make else default for default, make in _defaults(model)])
    for name, value in values.items():
        if name not in _names(model):
            raise TypeError(f"{model.__name__} has no field {name}.")
        setattr(row, name, value)
    return row


@cache
def _defaults(model: type[Model]) -> list[tuple[Any, Callable[[], Any] | None]]:
    """Of each field: its default, and what makes one where each instance gets its own."""
    fields: list[Any] = list(model._meta.concrete_fields)
    return [
        (None, field.get_default)
        if callable(field.default) or (not field.has_default() and field.has_db_default())
        else (field.get_default(), None)
        for field in fields
    ]


@cache
def _names(model: type[Model]) -> frozenset[str]:
    return frozenset(name for field in model._meta.concrete_fields for name in (field.name, field.attname))


def insert_rows(objects: Sequence[M]) -> None:
    """`bulk_create` for new objects of one model, as one statement with one JSON parameter. Values must already have
    their Python types. Sets the primary keys and the database's defaults on the objects."""
    if objects:
        _insert(objects, "", [])


class Before(NamedTuple):
    """What the same statement does before: a common table expression with its values, and the column that gets the
    value of an expression, which may read it."""

    sql: str
    values: Sequence[Any]
    column: str
    expression: str


def insert_row(row: M, also: str, values: Sequence[Any] = (), *, before: Before | None = None) -> Any:
    """`insert_rows` for one object. Returns the value of the expression `also`, which may read the new row by the name
    of its table; other rows it sees as they were before the statement. The column of `before` is not set on the
    object."""
    return _insert([row], f", {also}", values, before)[0]


def _insert(objects: Sequence[M], also: str, values: Sequence[Any], before: Before | None = None) -> list[Any]:
    """Returns the last value of each row that came back."""
    computed = (before.column, before.expression) if before else ("", "")
    statement, written, filled_in = _build_insert(type(objects[0]), *computed)
    if before:
        statement = f"WITH {before.sql} {statement}"
    rows = [written.read(each) for each in objects]
    given = [json.dumps(rows, default=as_text), *values]
    given = [*before.values, *given] if before else given
    returned = fetch_prepared(statement + also, given, keep=len(objects) == 1)
    for each, row in zip(objects, returned, strict=True):
        for field, value in zip(filled_in, row, strict=False):
            setattr(each, field.attname, value)
        each._state.adding, each._state.db = False, connection.alias
    return [row[-1] for row in returned]


class _Written:
    """Reads what an INSERT writes of a new instance: by column."""

    def __init__(self, fields: Sequence[Any]) -> None:
        plain = [field for field in fields if _is_read_as_it_is(field)]
        self._columns = [field.column for field in plain]
        self._values = attrgetter(*(field.attname for field in plain))
        self._others = [field for field in fields if field not in plain]

    def read(self, row: Model) -> dict[str, Any]:
        values = dict(zip(self._columns, self._values(row), strict=True))
        return values | {field.column: field.pre_save(row, add=True) for field in self._others}


def _is_read_as_it_is(field: Any) -> bool:
    """Whether what is written is the attribute itself, and no time of now."""
    if type(field).pre_save is DateTimeField.pre_save:
        return not (field.auto_now or field.auto_now_add)
    return type(field).pre_save is Field.pre_save


@cache
def _build_insert(model: type[Model], column: str, expression: str) -> tuple[str, _Written, list[Any]]:
    """The statement, what it writes, and the fields that the database fills in. `column` gets the value of the
    expression, where there is one."""
    every: list[Any] = list(model._meta.concrete_fields)
    filled_in = [field for field in every if field.primary_key or (field.has_db_default() and not field.has_default())]
    fields = [field for field in every if field not in filled_in]
    table, columns = model._meta.db_table, [field.column for field in fields]
    selected = ", ".join(expression if name == column else name for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "
        f"SELECT {selected} FROM jsonb_populate_recordset(NULL::{table}, %s) "
        f"RETURNING {', '.join(field.column for field in filled_in)}",
        _Written(fields),
        filled_in,
    )
