"""The databases of a run: a migrated template, copies of it, and the CPU time that PostgreSQL spends on one of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import psycopg
from psycopg import sql

from tests.bench.cpu import process, server_seconds
from tests.bench.statements import LIBRARY, StatementCounter

# Connections under this name are the bench's own, and not counted.
BENCH = "callhooks bench"
# New since 15, and not what it does by default any more; before, files were copied anyway.
FILE_COPY_SINCE = 150000


class Databases:
    """Use `close` at the end: it drops what was made. Not where the whole server is `thrown_away` after it: each drop
    waits for a checkpoint, together twenty seconds."""

    def __init__(self, url: str, *, thrown_away: bool) -> None:
        self._url = url
        self._thrown_away = thrown_away
        self._admin = psycopg.connect(self.url_of("", ours=True), autocommit=True)
        backend = process(self._admin.info.backend_pid)
        if backend is None:
            raise RuntimeError("The PostgreSQL of DATABASE_URL is not on this machine; its CPU cannot be counted.")
        self._postmaster = backend.parent
        self._made: list[str] = []
        self._numbers = count(1)

    def url_of(self, name: str, *, ours: bool = False) -> str:
        """The DATABASE_URL of a database; `ours`: for the bench's own connections."""
        parts = urlsplit(self._url)
        query = dict(parse_qsl(parts.query))
        if ours:
            query["application_name"] = BENCH
        path = f"/{name}" if name else parts.path
        return f"{parts.scheme}://{parts.netloc}{path}?{urlencode(query, quote_via=quote)}"

    def create(self, purpose: str, *, template: str = "template1", big: bool = False) -> str:
        """`big`: the template is; then its files are copied."""
        name = f"callhooks_bench_{os.getpid()}_{next(self._numbers)}_{purpose}"
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        if big and self._admin.info.server_version >= FILE_COPY_SINCE:
            command += sql.SQL(" STRATEGY file_copy")
        self._admin.execute(command)
        self._made.append(name)
        return name

    def drop(self, name: str) -> None:
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        self._made.remove(name)

    def cpu_of(self, name: str) -> Callable[[], float]:
        """CPU seconds of the server, without the backends of other databases and our own."""

        def seconds() -> float:
            rows = self._admin.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = %s OR datname <> %s", [BENCH, name]
            ).fetchall()
            return server_seconds(self._postmaster, {pid for (pid,) in rows})

        return seconds

    def statement_counter(self, name: str) -> StatementCounter | None:
        """None where the server does not count statements: a server of yours may not."""
        row = self._admin.execute("SHOW shared_preload_libraries").fetchone()
        return StatementCounter(self._admin, name) if row and LIBRARY in str(row[0]) else None

    def settings(self) -> str:
        """What a figure depends on: the version, and whether a commit waits for the disk."""
        row = self._admin.execute(
            "SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('fsync'), "
            "current_setting('synchronous_commit')"
        ).fetchone()
        assert row is not None
        return "PostgreSQL {} with fsync {}, synchronous_commit {}".format(*row)

    def close(self) -> None:
        for name in () if self._thrown_away else list(self._made):
            self.drop(name)
        self._admin.close()
