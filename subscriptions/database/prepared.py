"""Prepared statements on Django's connection.

Django writes values into each statement, so PostgreSQL parses and plans every one anew: for a statement that publishes
an event, that takes four times as long as running it. The setting DATABASE_PREPARED_STATEMENTS switches this off, for
poolers that hand each transaction to another server connection.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connections

from .bound_cursor import BoundCursor

THRESHOLD = 0  # times that a statement runs before it is prepared
# Of a connection. Each holds the last rows of its statement; psycopg keeps 100 prepared statements.
KEPT_CURSORS = 64


class prepared_connection:  # used like a function
    """A context of psycopg's connection below Django's, to run statements on in a pipeline. What leaves the context are
    Django's errors.

    A class, because it is opened for each statement of each request: what `contextmanager` adds costs as much as a
    small statement does."""

    __slots__ = ("_django",)

    def __enter__(self) -> Any:
        return self._open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            return
        try:
            self._django.wrap_database_errors.__exit__(kind, error, trace)
        except NotSupportedError:
            self._renew()
            raise
        if isinstance(error, NotSupportedError):
            self._renew()

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        self._django: Any = connections[DEFAULT_DB_ALIAS]
        self._django.close_if_health_check_failed()
        self._django.ensure_connection()
        raw: psycopg.Connection[tuple[Any, ...]] = self._django.connection
        if settings.DATABASE_PREPARED_STATEMENTS and raw.prepare_threshold != THRESHOLD:
            raw.prepare_threshold = THRESHOLD  # Django's own cursors never prepare
        return raw

    def _renew(self) -> None:
        """A migration changed the type of a column: "cached plan must not change result type", for as long as the
        connection lives. Django opens a new one for the next request, and django-q2 for the next task."""
        self._django.close_at = time.monotonic()


class prepared_cursor(prepared_connection):
    """A context of a cursor whose statements are prepared. For statements that are written by hand, few, and always the
    same: each is kept by the server for as long as the connection lives. A value that PostgreSQL cannot tell the type
    of needs a cast in the statement: `%s::bigint`."""

    __slots__ = ()

    def __enter__(self) -> Any:
        raw = self._open()
        return self._observed() or BoundCursor(raw)

    def _observed(self) -> Any:
        """Django's cursor, where statements are not prepared or somebody looks on."""
        django = self._django
        if not settings.DATABASE_PREPARED_STATEMENTS:
            return django.cursor()
        if django.queries_logged or django.execute_wrappers:
            return django._prepare_cursor(BoundCursor(django.connection))
        django.validate_no_broken_transaction()
        return None


class _kept_cursor(prepared_cursor):
    """The same for one statement whose rows are all fetched inside: its cursor is kept for the next time, since psycopg
    looks up how to read and write each type once for each cursor and statement."""

    __slots__ = ("_cursor", "_statement")

    def __init__(self, statement: str) -> None:
        self._statement = statement

    def __enter__(self) -> Any:
        raw = self._open()
        self._cursor = None
        if observed := self._observed():
            return observed
        # Taken away: a statement that is run within this one gets another.
        self._cursor = self._django.kept_cursors.pop(self._statement, None) or BoundCursor(raw)
        return self._cursor

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        kept: dict[str, BoundCursor] = self._django.kept_cursors
        if self._cursor is not None and self._cursor.connection is self._django.connection and len(kept) < KEPT_CURSORS:
            kept[self._statement] = self._cursor


def fetch_prepared(statement: str, values: Any, *, keep: bool = True) -> list[tuple[Any, ...]]:
    """Run one statement of those that `prepared_cursor` is for, and get its rows. `keep` its cursor, but not of a
    batch: it holds the values until the statement runs again."""
    with _kept_cursor(statement) if keep else prepared_cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
