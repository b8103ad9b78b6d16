from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection

_PLACEHOLDER = re.compile(r"%(?:%|s|\((\w+)\)s)")


class BoundCursor(psycopg.RawCursor[tuple[Any, ...]]):
    """Hands parameters over beside the statement and gets rows in binary. Placeholders are psycopg's, `%s` or
    `%(name)s`, but are found once: psycopg goes through a statement as long as a claim's anew for every call, which
    takes a millisecond."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        super().__init__(connection)
        self.format = psycopg.pq.Format.BINARY

    def execute(self, query: Any, params: Any = None, **more: Any) -> BoundCursor:
        if params is not None:
            query, names = _numbered(query)
            params = [params[name] for name in names] if isinstance(params, Mapping) else list(params)
        return super().execute(query, params, **more)


@lru_cache(maxsize=64)  # the engine's statements, which are fewer
def _numbered(statement: str) -> tuple[str, list[str]]:
    """The statement with `$1`, `$2` … for its placeholders, and the names in their order, if they have names."""
    names: list[str] = []
    unnamed = 0

    def number(found: re.Match[str]) -> str:
        nonlocal unnamed
        if found[0] == "%%":
            return "%"
        if (name := found[1]) is None:
            unnamed += 1
            return f"${unnamed}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACEHOLDER.sub(number, statement), names


@contextmanager
def bound_cursor() -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """A cursor on Django's connection that hands parameters over beside the statement, gets rows in binary, and has its
    statements prepared: they are few, long and always the same.

    Django's own writes parameters into the statement: a batch of outcomes is a quarter of a megabyte, which both
    sides would go through once more. And bodies come as text there, twice as long."""
    with bound_connection() as raw, BoundCursor(raw) as cursor:
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
        cursors = [BoundCursor(raw) for _ in statements]
        try:
            with raw.pipeline():
                BoundCursor(raw).execute("BEGIN")
                BoundCursor(raw).execute(*begin)
                for cursor, (statement, values) in zip(cursors, statements, strict=True):
                    cursor.execute(statement, values)
                BoundCursor(raw).execute("COMMIT")
        except psycopg.Error:
            if not raw.closed:
                raw.rollback()
            raise
        return [_rows(cursor) for cursor in cursors]


def _rows(cursor: psycopg.Cursor[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.description else []


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
