from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
BY_INDEX = """set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)"""
# The commit of a claim, or of a look at what waits, does not wait for the disk, and the claim lock is not held for it.
# A crash of the database may take such a claim along: what it took is sent again, as at the end of its lease. There is
# no outcome without its claim: that is committed later and waits for the disk, which gets both in order.
UNAWAITED = "set_config('synchronous_commit', 'off', true)"
CLAIM_LOCK = 0x43484B43  # "CHKC": one claim at a time, and nobody else who writes the queue of endpoints


def by_index(*statements: tuple[str, Any], locked: bool) -> list[list[tuple[Any, ...]]]:
    """Run statements, each with its values, in a transaction of their own that takes indexes and does not wait for the
    disk; `locked`: beside no claim. Returns the rows of each. It is one round trip: PostgreSQL gets all of it at once,
    the commit included."""
    lock: tuple[str, ...] = (f"pg_advisory_xact_lock({CLAIM_LOCK})",) if locked else ()
    if connection.in_atomic_block:  # the caller's transaction, which waits for the disk if it wants to
        with bound_cursor() as cursor:
            begin = "SELECT " + ", ".join((*lock, BY_INDEX))
            return [_rows(cursor.execute(*statement)) for statement in ((begin, []), *statements)][1:]
    begin = "SELECT " + ", ".join((*lock, BY_INDEX, UNAWAITED))
    with prepared_connection() as raw:
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


def _rows(cursor: psycopg.Cursor[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.description else []


def forget_plans() -> None:
    """Plan anew what is prepared. PostgreSQL does so itself when it has new statistics of a table; a drain does
    it with each heartbeat, so that no plan that was made for an empty outbox serves a full one for long."""
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
