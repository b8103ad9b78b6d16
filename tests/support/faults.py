"""Faults where they really come from: the database refuses a row, or ends the connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

REFUSE = "RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = '{message}';"
CUT = "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10);"


@contextmanager
def refused_rows(
    table: str, *, when: str = "true", code: str = "P0001", message: str = "made to fail"
) -> Iterator[None]:
    """Rows that are inserted into the table and of which `when` holds (`NEW` is the row) end in an error with this
    SQLSTATE."""
    with _trigger(table, when, REFUSE.format(code=code, message=message)):
        yield


@contextmanager
def connection_cut_by_rows(table: str) -> Iterator[None]:
    """Whoever inserts a row into the table loses the connection, as an operator or a stopping server would cut it."""
    with _trigger(table, "true", CUT):
        yield


@contextmanager
def _trigger(table: str, when: str, does: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE FUNCTION made_fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does} RETURN NEW; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER made_fault BEFORE INSERT ON {table} FOR EACH ROW WHEN ({when}) "
            "EXECUTE FUNCTION made_fault()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION made_fault() CASCADE")
