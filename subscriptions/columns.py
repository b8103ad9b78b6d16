"""Objects out of SQL of our own, for the few reads that every request makes: the framework puts a query together anew
each time, and takes longer for that than the database takes to answer it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
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
            if field.get_db_converters(connection):
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

    def of(self, row: Sequence[Any], start: int = 0) -> M | None:
        """The object whose columns begin there in the row; None where an outer join found none."""
        values = row[start : start + len(self)]
        if all(value is None for value in values):
            return None
        return self._model.from_db(DEFAULT_DB_ALIAS, self._names, values)

    def __len__(self) -> int:
        return len(self._fields)
