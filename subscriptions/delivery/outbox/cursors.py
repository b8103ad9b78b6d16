from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, transaction


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


# The planner thinks in yesterday's numbers of rows. An outbox is empty or full from one second to the next: whatever
# it thinks, the few rows of interest are found by an index, and not by a look at all that is pending. To think anew for
# every claim would take a fifth of its time (`forget_plans`), and to compile it more than the claim.
BY_INDEX = """set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)"""
CLAIM_LOCK = 0x43484B43  # "CHKC": one claim at a time, and nobody else who writes the queue of endpoints


@contextmanager
def by_index(*, locked: bool) -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """A bound cursor in a transaction of its own whose statements take indexes; `locked`: beside no claim."""
    with transaction.atomic(), bound_cursor() as cursor:
        if locked:
            cursor.execute(f"SELECT pg_advisory_xact_lock(%s), {BY_INDEX}", [CLAIM_LOCK])
        else:
            cursor.execute(f"SELECT {BY_INDEX}")
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
