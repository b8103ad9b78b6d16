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
    with bound_connection() as raw, _bound(raw) as cursor:
        yield cursor


@contextmanager
def bound_connection() -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """The connection below Django's, on which all that is executed is prepared. Errors are Django's."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, _preparing(connection.connection) as raw:
        yield raw


# The planner thinks in yesterday's numbers of rows. An outbox is empty or full from one second to the next: whatever
# it thinks, the few rows of interest are found by an index, and not by a look at all that is pending. To think anew for
# every claim would take a fifth of its time (`forget_plans`), and to compile it more than the claim.
BY_INDEX = """set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)"""
CLAIM_LOCK = 0x43484B43  # "CHKC": one claim at a time, and nobody else who writes the queue of endpoints


def by_index(*statements: tuple[str, Any], locked: bool) -> list[list[tuple[Any, ...]]]:
    """Run statements, each with its values, in a transaction of their own that takes indexes; `locked`: beside no
    claim. Returns the rows of each. It is one round trip: PostgreSQL gets all of it at once, the commit included."""
    begin: tuple[str, Any] = (
        (f"SELECT pg_advisory_xact_lock(%s), {BY_INDEX}", [CLAIM_LOCK]) if locked else (f"SELECT {BY_INDEX}", [])
    )
    if connection.in_atomic_block:  # the caller's transaction
        with bound_cursor() as cursor:
            return [_rows(cursor.execute(*statement)) for statement in (begin, *statements)][1:]
    with bound_connection() as raw:
        cursors = [_bound(raw) for _ in statements]
        try:
            with raw.pipeline():
                _bound(raw).execute("BEGIN")
                _bound(raw).execute(*begin)
                for cursor, (statement, values) in zip(cursors, statements, strict=True):
                    cursor.execute(statement, values)
                _bound(raw).execute("COMMIT")
        except psycopg.Error:
            if not raw.closed:
                raw.rollback()
            raise
        return [_rows(cursor) for cursor in cursors]


def _rows(cursor: psycopg.Cursor[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.description else []


def _bound(raw: psycopg.Connection[tuple[Any, ...]]) -> psycopg.Cursor[tuple[Any, ...]]:
    cursor = psycopg.Cursor(raw)
    cursor.format = psycopg.pq.Format.BINARY
    return cursor


def forget_plans() -> None:
    """Plan anew what is prepared. PostgreSQL does so itself when it has new statistics of a table; a drain does
    it with each heartbeat, so that no plan that was made for an empty outbox serves a full one for long."""
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")


@contextmanager
def _preparing(raw: psycopg.Connection[tuple[Any, ...]]) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    before, raw.prepare_threshold = raw.prepare_threshold, 0  # what Django executes is left as it is
    try:
        yield raw
    finally:
        raw.prepare_threshold = before
