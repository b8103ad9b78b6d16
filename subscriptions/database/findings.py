"""What an operator should know of the server behind a database URL before the service works on it.

A finding is a sentence about what was found and one about what to set. A server that cannot be reached, or does not
answer at once, is no finding: it may come back, and nothing that worked is stopped by a look at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from .sessions import NoAnswer, Session, loses_prepared, shares_sessions

OLDEST = 14
# Of a drain beside its worker's: the one that hears wake-ups, and the one that writes outcomes.
DRAIN_ADDS = 2
# Beside workers and drains: django-q2's guard, pusher and monitor, and the supervisor's look.
CLUSTER_ADDS = 4
# Somebody must still get in: psql, a backup, `manage.py`.
SPARE = 3

_STATE = """
SELECT pg_is_in_recovery()::int, (current_setting('transaction_read_only') = 'on')::int,
       current_setting('max_connections')::int, current_setting('superuser_reserved_connections')::int
       + coalesce(current_setting('reserved_connections', true), '0')::int,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class Finding:
    """`fatal`: what was asked about cannot work there."""

    name: str
    text: str
    fatal: bool


@dataclass(frozen=True)
class Needs:
    """Connections that one web machine and one cluster machine open. `web`: 0 where a pooler stands in front."""

    web: int
    workers: int
    drains: int

    @property
    def total(self) -> int:
        return self.web + self.workers + CLUSTER_ADDS + DRAIN_ADDS * self.drains

    def __str__(self) -> str:
        web = f"{self.web} for the web servers' threads, " if self.web else ""
        return f"{web}{self.workers + CLUSTER_ADDS} for the cluster, {DRAIN_ADDS * self.drains} for drains"


def inspect(
    database: Mapping[str, Any], setting: str, *, keeps_sessions: bool, prepares: bool, needs: Needs | None
) -> list[Finding]:
    """Of the server at `database` (as in DATABASES), which the variable `setting` names. `keeps_sessions`: locks and
    wake-ups of the cluster go there; `prepares`: prepared statements do."""
    try:
        with closing(_connect(database)) as session:
            return list(_inspect(session, database, setting, keeps_sessions, prepares, needs))
    except (psycopg.Error, NoAnswer):
        return []


def _connect(database: Mapping[str, Any]) -> Session:
    try:
        return Session(database)
    except psycopg.Error:
        options = dict(database.get("OPTIONS", {}))
        if options.pop("target_session_attrs", None) is None:
            raise
        return Session({**database, "OPTIONS": options})  # are they all standbys?


def _inspect(
    session: Session,
    database: Mapping[str, Any],
    setting: str,
    keeps_sessions: bool,
    prepares: bool,
    needs: Needs | None,
) -> Iterator[Finding]:
    version = session.version // 10_000
    if version < OLDEST:
        yield Finding(
            "old",
            f"{setting} leads to PostgreSQL {version}; Callhooks needs {OLDEST} or newer. Upgrade the server, or name "
            "another one.",
            fatal=True,
        )
        return  # what is asked below may not exist there
    recovering, read_only, most, reserved, of_role, of_database = map(int, session.ask(_STATE))
    if recovering:
        yield Finding(
            "replica",
            f"{setting} leads to a read replica (a standby in recovery), where nothing can be saved. Name the primary. "
            "With several servers name them all, and the one that takes writes is found, also after a failover: "
            "postgres://user:password@db1,db2/name?target_session_attrs=read-write",
            fatal=True,
        )
    elif read_only:
        yield Finding(
            "read only",
            f"{setting} leads to a database that takes no writes (default_transaction_read_only is on, for the server, "
            "the database or our role). Turn that off.",
            fatal=True,
        )
    if shares_sessions(session, database):
        if keeps_sessions:
            yield Finding(
                "pooler",
                f"{setting} leads to a connection pooler in transaction mode (as PgBouncer's), which gives each "
                "transaction another session. The cluster and some commands hold locks and wait for news in sessions "
                "of their own, which get lost there. Set DATABASE_DIRECT_URL to PostgreSQL itself, past the pooler; "
                "the web servers go on using DATABASE_URL.",
                fatal=True,
            )
        elif prepares and loses_prepared(session, database):
            yield Finding(
                "prepared statements",
                f"{setting} leads to a connection pooler in transaction mode that does not know prepared statements "
                "(PgBouncer before 1.21, or with max_prepared_statements = 0). Requests will fail with “prepared "
                "statement … does not exist”. Set DATABASE_PREPARED_STATEMENTS=no, or upgrade the pooler.",
                fatal=True,
            )
    limits = [limit for limit in (most - reserved, of_role, of_database) if limit >= 0]  # -1: no limit
    if needs is not None and needs.total + SPARE > min(limits):
        yield Finding(
            "connections",
            f"PostgreSQL lets us open {min(limits)} connections (max_connections = {most}, {reserved} of them "
            f"reserved), and one web machine and one cluster machine open up to {needs.total}: {needs}. Set "
            f"max_connections to {needs.total + SPARE + reserved} or more and restart PostgreSQL (or raise the "
            "CONNECTION LIMIT of the role or database), or lower WEB_CONCURRENCY, CLUSTER_WORKERS or DELIVERY_DRAINS.",
            fatal=False,
        )
