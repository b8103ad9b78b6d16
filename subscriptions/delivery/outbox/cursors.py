from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import connection

from ...database.bound_cursor import BinaryCursor
from ...database.prepared import prepared_connection


@contextmanager
def bound_cursor() -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """A cursor on Django's connection that hands parameters over beside the statement, gets rows in binary, and has its
    statements prepared: they are few, long and always the same.

    Django's own writes parameters into the statement: a batch of outcomes is a quarter of a megabyte, which both
    sides would go through once more. And bodies come as text there, twice as long."""
    with prepared_connection() as raw, BinaryCursor(raw) as cursor:
        yield cursor


# The planner thinks in yesterday's numbers of rows. An outbox is empty or full from one second to the next: whatever
# it thinks, the few rows of interest are found by an index, and not by a look at all that is pending. To think anew for
# every claim would take a fifth of its time (`forget_plans`), and to compile it more than the claim.
_PLANNER = {"enable_seqscan": "off", "enable_bitmapscan": "off", "plan_cache_mode": "force_generic_plan", "jit": "off"}
# For SELECT: until the end of the transaction, or for the session.
BY_INDEX, _BY_INDEX_ALWAYS = (
    ", ".join(f"set_config('{name}', '{value}', {local})" for name, value in _PLANNER.items())
    for local in ("true", "false")
)
# The commit of a claim, or of a look at what waits, does not wait for the disk, and the claim lock is not held for it.
# A crash of the database may take such a claim along: what it took is sent again, as at the end of its lease. There is
# no outcome without its claim: that is committed later and waits for the disk, which gets both in order.
UNAWAITED = "set_config('synchronous_commit', 'off', true)"
CLAIM_LOCK = 0x43484B43  # "CHKC": one claim at a time, and nobody else who writes the queue of endpoints
_WITH_CLAIM_LOCK = f"pg_advisory_xact_lock({CLAIM_LOCK})"
# Connections that take indexes in any transaction.
_take_indexes: WeakSet[psycopg.Connection[Any]] = WeakSet()


def by_index(*statements: tuple[str, Any], locked: bool) -> list[list[tuple[Any, ...]]]:
    """Run statements, each with its values, in a transaction of their own that takes indexes and does not wait for the
    disk; `locked`: beside no claim. Returns the rows of each. It is one round trip: PostgreSQL gets all of it at once,
    the commit included."""
    lock = (_WITH_CLAIM_LOCK,) if locked else ()
    if connection.in_atomic_block:  # the caller's transaction, which waits for the disk if it wants to
        with bound_cursor() as cursor:
            begin = "SELECT " + ", ".join((*lock, BY_INDEX))
            return [_rows(cursor.execute(*statement)) for statement in ((begin, []), *statements)][1:]
    with prepared_connection() as raw:
        settings = () if raw in _take_indexes else (BY_INDEX,)
        begin = "SELECT " + ", ".join((*lock, *settings, UNAWAITED))
        cursors = [BinaryCursor(raw) for _ in statements]
        try:
            with raw.pipeline():
                BinaryCursor(raw).execute("BEGIN")
                BinaryCursor(raw).execute(begin)
                for cursor, (statement, values) in zip(cursors, statements, strict=True):
                    cursor.execute(statement, values)
                BinaryCursor(raw).execute("COMMIT")
        except psycopg.Error:
            if not raw.closed:
                raw.rollback()
            raise
        return [_rows(cursor) for cursor in cursors]


def alone_by_index(statement: str, values: Any) -> list[tuple[Any, ...]]:
    """`by_index` for one statement that waits for no lock, and says itself whether its commit waits for the disk: on a
    connection that takes indexes it needs no transaction around it, which is a quarter of what a claim of one row
    costs."""
    if not connection.in_atomic_block:
        with prepared_connection() as raw:
            if raw in _take_indexes:
                return _rows(BinaryCursor(raw).execute(statement, values))
    (rows,) = by_index((statement, values), locked=False)
    return rows


def _rows(cursor: psycopg.Cursor[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    # Not `description`, which makes an object of each column.
    return cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


def take_indexes() -> None:
    """This connection takes indexes in any transaction, until `plan_as_usual`."""
    with prepared_connection() as raw:
        raw.execute(f"SELECT {_BY_INDEX_ALWAYS}")
        _take_indexes.add(raw)


def plan_as_usual() -> None:
    """The end of `take_indexes`, where that was called."""
    raw = connection.connection
    if raw is not None and raw in _take_indexes:
        _take_indexes.discard(raw)
        raw.execute("; ".join(f"RESET {name}" for name in _PLANNER), prepare=False)


def forget_plans() -> None:
    """Plan anew what is prepared. PostgreSQL does so itself when it has new statistics of a table; a drain does
    it with each heartbeat, so that no plan that was made for an empty outbox serves a full one for long."""
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
