"""Is there a pooler between us and PostgreSQL, and does it leave us our session?

A pooler in transaction mode gives each transaction any of its connections to the server: locks, settings, LISTEN and
prepared statements of a session then belong to somebody else, or to nobody.
"""

from __future__ import annotations

import secrets
import select
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg

from .parameters import driver_parameters

# A pooler that has no connection left lets us wait, and whoever asks here must not.
PATIENCE_SECONDS = 3.0
# A busy pooler may have given the connection to somebody else at one look; not at five.
LOOKS = 5


class NoAnswer(Exception):
    """The server, or a pooler, does not answer in time."""


class Refused(NoAnswer):
    """It answered with an error."""


class Session:
    """A connection whose questions end in time, whatever is on the other side. Raises psycopg.Error when it cannot be
    opened, otherwise NoAnswer."""

    def __init__(self, database: Mapping[str, Any]) -> None:
        self._connection = psycopg.connect(**driver_parameters(database), autocommit=True)
        self._raw = self._connection.pgconn

    @property
    def version(self) -> int:
        """150004 for 15.4."""
        return self._connection.info.server_version

    @property
    def announced_pid(self) -> int:
        """What we were told when we connected; a pooler invents one."""
        return self._connection.info.backend_pid

    def ask(self, query: str) -> list[str]:
        """The values of the last statement's first row, as text; none when it has no row."""
        self._raw.send_query(query.encode())
        return self._answer()

    def prepare(self, name: str) -> None:
        self._raw.send_prepare(name.encode(), b"SELECT 1")
        self._answer()

    def run(self, name: str) -> None:
        self._raw.send_query_prepared(name.encode(), [])
        self._answer()

    def close(self) -> None:
        self._connection.close()

    def _answer(self) -> list[str]:
        values: list[str] = []
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            while self._raw.is_busy():
                left = ends_at - time.monotonic()
                if left <= 0 or not select.select([self._raw.socket], [], [], left)[0]:
                    raise NoAnswer("no answer in time")
                self._consume()
            result = self._raw.get_result()
            if result is None:
                return values
            if result.status in (psycopg.pq.ExecStatus.FATAL_ERROR, psycopg.pq.ExecStatus.BAD_RESPONSE):
                error = Refused(result.error_message.decode(errors="replace").strip())
                while not self._raw.is_busy() and self._raw.get_result() is not None:
                    pass
                raise error
            if result.ntuples:
                values = [(result.get_value(0, n) or b"").decode() for n in range(result.nfields)]

    def _consume(self) -> None:
        try:
            self._raw.consume_input()
        except psycopg.Error as error:
            raise NoAnswer(str(error)) from None


def shares_sessions(session: Session, database: Mapping[str, Any]) -> bool:
    """Whether another connection gets the server's session that `session` has, between two of its transactions. One
    query, and a second connection only where a pooler is."""
    if _pid(session) == session.announced_pid:
        return False
    try:
        with closing(Session(database)) as other:
            return any(_shares(session, other) for _ in range(LOOKS))
    except Refused:  # in statement mode a pooler allows no transactions at all
        return True
    except (psycopg.Error, NoAnswer):  # the other one waits for a session: ours is ours
        return False


def _shares(session: Session, other: Session) -> bool:
    ours = _pid(session)
    theirs = int(other.ask("BEGIN; SELECT pg_backend_pid()")[0])
    try:
        return theirs == ours or _pid(session) != ours
    finally:
        other.ask("ROLLBACK")


def loses_prepared(session: Session, database: Mapping[str, Any]) -> bool:
    """Behind a pooler that shares sessions: whether it mixes up the prepared statements of its clients."""
    try:
        with closing(Session(database)) as other:
            for _ in range(LOOKS):
                name = f"callhooks_probe_{secrets.token_hex(6)}"
                for one in (session, other):
                    one.prepare(name)
                for one in (session, other):
                    one.run(name)
    except Refused as error:
        return "already exists" in str(error) or "does not exist" in str(error)
    except (psycopg.Error, NoAnswer):
        return False
    return False


def _pid(session: Session) -> int:
    return int(session.ask("SELECT pg_backend_pid()")[0])
