from __future__ import annotations

import select
from datetime import UTC
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg.pq import TransactionStatus

from .. import hosts
from ..beside_commit import BesideCommit
from ..bound_cursor import BoundCursor
from .commit import commit_beside
from .utc_loader import UtcLoader


class _Operations(DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """For debugging: the statement with its values."""
        if isinstance(cursor, BoundCursor):
            return str(self.compose_sql(sql, params))
        return super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = _Operations
    health_check_enabled: bool
    health_check_done: bool
    kept_cursors: dict[str, BoundCursor]  # of the connection, by statement (`prepared.fetch_prepared`)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self.kept_cursors = {}
        if self.alias != DEFAULT_DB_ALIAS:  # a replica's server is not the one to ask first for the primary
            connection = super().get_new_connection(conn_params)
        else:
            connection = super().get_new_connection(hosts.put_last_good_first(conn_params))
            hosts.note(connection.info.host, connection.info.port)
        if self.timezone is UTC:  # unless DATABASES has a time zone of its own
            connection.adapters.register_loader("timestamptz", UtcLoader)
        return connection

    def close_if_health_check_failed(self) -> None:
        """Django asks the server `SELECT 1` before the first statement of each request. A server that has ended a
        connection has said so: where nothing waits to be read, there is nothing to ask."""
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        if _has_news(self.connection):
            super().close_if_health_check_failed()
        self.health_check_done = True

    def _has_begun(self) -> bool:
        """Whether there is anything to commit: psycopg begins a transaction with its first statement."""
        return self.connection is not None and self.connection.pgconn.transaction_status != TransactionStatus.IDLE

    def _set_autocommit(self, autocommit: bool) -> None:
        """Django does so after each commit. A server that ends the connection right after it has answered the COMMIT
        has committed: that is no error, and hooks open another connection."""
        if autocommit and self.connection is not None and self.connection.closed:
            self.connection = None
            return
        super()._set_autocommit(autocommit)  # type: ignore[misc]

    def _commit(self) -> None:
        """Sends what may go beside a commit along with it: one round trip instead of two or more."""
        waiting = [hook for _, hook, *_ in self.run_on_commit if isinstance(hook, BesideCommit)]
        if not waiting or not self._has_begun() or self.queries_logged or self.execute_wrappers:
            super()._commit()  # type: ignore[misc]
            return
        with self.wrap_database_errors:
            commit_beside(self.connection, waiting)


def _has_news(connection: Any) -> bool:
    """Whether the server has sent something, or ended the connection; True for one that is closed on our side."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
