"""Prepared statements on Django's connection.

Django writes values into each statement, so PostgreSQL parses and plans every one anew: for a statement that publishes
an event, that takes four times as long as running it. The setting DATABASE_PREPARED_STATEMENTS switches this off, for
poolers that hand each transaction to another server connection.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db import NotSupportedError, connection

from .bound_cursor import BoundCursor

THRESHOLD = 0  # times that a statement runs before it is prepared


@contextmanager
def prepared_cursor() -> Iterator[Any]:
    """Django's cursor, whose statements are prepared. For statements that are written by hand, few, and always the
    same: each is kept by the server for as long as the connection lives. A value that PostgreSQL cannot tell the type
    of needs a cast in the statement: `%s::bigint`."""
    if not settings.DATABASE_PREPARED_STATEMENTS:
        with connection.cursor() as cursor:
            yield cursor
        return
    with _connection() as raw, connection._prepare_cursor(BoundCursor(raw)) as cursor:  # type: ignore[attr-defined]
        yield cursor


@contextmanager
def prepared_connection() -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """psycopg's connection below Django's, to run statements on in a pipeline. Errors are Django's."""
    with _connection() as raw, connection.wrap_database_errors:
        yield raw


@contextmanager
def _connection() -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    raw = connection.connection
    if settings.DATABASE_PREPARED_STATEMENTS:
        raw.prepare_threshold = THRESHOLD  # Django's own cursors never prepare
    try:
        yield raw
    except NotSupportedError:
        # A migration changed the type of a column: "cached plan must not change result type", for as long as the
        # connection lives. Django opens a new one for the next request, and django-q2 for the next task.
        connection.close_at = time.monotonic()
        raise
