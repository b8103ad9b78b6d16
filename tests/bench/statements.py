"""Which statements a database is asked, how often and for how long, by PostgreSQL's own count (pg_stat_statements)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg
from psycopg import sql

LIBRARY = "pg_stat_statements"
# PostgreSQL asks these itself, to check a foreign key.
INTERNAL = re.compile(r"^SELECT 1 FROM ONLY .* FOR KEY SHARE OF x$")
# What makes a claim a claim: it counts the attempt (`subscriptions/delivery/outbox`).
CLAIM = re.compile(r"\battempts\s*=\s*(\w+\.)?attempts\s*\+")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, its values taken out. `milliseconds`: of all its calls, waiting for locks included."""

    text: str
    calls: int
    milliseconds: float

    @property
    def is_claim(self) -> bool:
        return CLAIM.search(self.text) is not None

    @property
    def is_internal(self) -> bool:
        return INTERNAL.search(self.text) is not None


class StatementCounter:
    """Counts what is asked of one database by connections made after this, until `reset`."""

    def __init__(self, admin: psycopg.Connection[tuple[object, ...]], database: str) -> None:
        self._admin, self._database = admin, database
        admin.execute(f"CREATE EXTENSION IF NOT EXISTS {LIBRARY}")
        track = sql.SQL('ALTER DATABASE {} SET "pg_stat_statements.track" = top')
        admin.execute(track.format(sql.Identifier(database)))
        self.reset()

    def reset(self) -> None:
        self._admin.execute(
            "SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = %s", [self._database]
        )

    def statements(self) -> list[Statement]:
        """The most frequent first."""
        rows = self._admin.execute(
            "SELECT query, sum(calls)::int, sum(total_exec_time) FROM pg_stat_statements "
            "JOIN pg_database ON pg_database.oid = dbid WHERE datname = %s GROUP BY query ORDER BY 2 DESC",
            [self._database],
        ).fetchall()
        return [Statement(str(text), int(str(calls)), float(str(spent))) for text, calls, spent in rows]

    def claims(self) -> int:
        """How often a drain claimed, whether or not it found something."""
        return sum(statement.calls for statement in self.statements() if statement.is_claim)
