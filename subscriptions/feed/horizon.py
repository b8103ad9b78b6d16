"""Up to where the feed can be read without passing an event whose transaction has not committed yet.

A position is the number of a transaction, plus a base. PostgreSQL gives numbers out in ascending order, and a snapshot
says which is the lowest that still runs: below it every transaction is over, and what it published can be seen. So
readers stop there, and nothing ever appears behind them. No clock is asked.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction

from ..models import FeedState

logger = logging.getLogger(__name__)

# Added to what was last seen when numbers begin anew: more transactions than any service commits between its last look
# and the dump that was restored. A bigint has room for nine thousand million of such steps.
STEP = 1_000_000_000
LOCK_SECONDS = 5  # to change the column's default; whoever publishes waits as long

# Transactions of other databases of the same server are in the snapshot, too. Those that PostgreSQL lets us see (of our
# own role, or with pg_read_all_stats) hold nobody up.
_READ = """
SELECT base + coalesce((
           SELECT min(running::text::bigint) FROM pg_snapshot_xip(snapshot) AS running
            WHERE NOT EXISTS (SELECT FROM pg_stat_activity a
                               WHERE a.backend_xid = running::xid
                                 AND a.datid <> (SELECT oid FROM pg_database WHERE datname = current_database()))
       ), upper), base + upper
  FROM (SELECT pg_current_snapshot() AS snapshot,
               pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS upper,
               coalesce((SELECT base FROM subscriptions_feedstate WHERE id = 1), 0) AS base) AS state
"""
_MARK = """
SELECT coalesce((SELECT base FROM subscriptions_feedstate WHERE id = 1), 0) + pg_current_xact_id()::text::bigint
"""
_LOCK = """
INSERT INTO subscriptions_feedstate AS f (id, base, highest) VALUES (1, 0, 0)
    ON CONFLICT (id) DO UPDATE SET base = f.base
RETURNING base, highest, pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
_WRITE = "UPDATE subscriptions_feedstate SET base = %s, highest = %s WHERE id = 1"
# The model's default is the same with a base of 0 (`models.fields.TransactionNumber`).
_SET_DEFAULT = (
    "ALTER TABLE subscriptions_event ALTER COLUMN position SET DEFAULT ({} + pg_current_xact_id()::text::bigint)"
)


@dataclass(frozen=True, slots=True)
class Horizon:
    safe: int  # every event with a lower position can be seen, or never was
    next: int  # no event has this position yet, or a higher one


def read() -> Horizon:
    """Ask before the events are read, not after: what is safe now is safe in every later snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        return Horizon(*cursor.fetchone())


def mark() -> int:
    """A position above those of all transactions that have one by now. Once it is safe, they are over. (`next` is not
    above those that still run: a snapshot ends after the last one that is over.)"""
    with connection.cursor() as cursor:
        cursor.execute(_MARK)
        return int(cursor.fetchone()[0])


def follow() -> bool:
    """Note how far positions have come. Returns whether the database counts anew, because a dump was restored into
    another server: then the base was raised, so that new events come after all old ones."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LOCK)
            base, highest, number = cursor.fetchone()
            counts_anew = bool(base + number < highest)
            if counts_anew:
                base = highest + STEP
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
                cursor.execute(_SET_DEFAULT.format(int(base)))
            cursor.execute(_WRITE, [base, base + number])
    except DatabaseError as error:
        logger.warning("The feed's state could not be written; the next sweep tries again: %s", error)
        return False
    if counts_anew:
        logger.warning("The database counts its transactions anew: the feed goes on from %s.", base)
    return counts_anew


def follow_after_migrate(**_: Any) -> None:
    """A receiver of `post_migrate`: after a restore, before anything is published."""
    if FeedState._meta.db_table in connection.introspection.table_names():  # not after a migration back
        follow()
