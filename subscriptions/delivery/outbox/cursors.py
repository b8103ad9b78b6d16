from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def bound_cursor() -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """A cursor on Django's connection that hands parameters over beside the statement, gets rows in binary, and has its
    statements prepared: they are few, long and always the same.

    Django's own writes parameters into the statement: a batch of outcomes is a quarter of a megabyte, which both
    sides would go through once more. And bodies come as text there, twice as long."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, _preparing(connection.connection) as raw, psycopg.Cursor(raw) as cursor:
        cursor.format = psycopg.pq.Format.BINARY
        yield cursor


def forget_plans() -> None:
    """Plan anew what is prepared. PostgreSQL does so itself when it has new statistics of a table; a drain begins with
    it, so that no plan that was made for an empty outbox serves a full one for long."""
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")


@contextmanager
def _preparing(raw: psycopg.Connection[tuple[Any, ...]]) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    before, raw.prepare_threshold = raw.prepare_threshold, 0  # what Django executes is left as it is
    try:
        yield raw
    finally:
        raw.prepare_threshold = before
