"""The PostgreSQL of a benchmark: a new, empty one that syncs to disk as a real one does, gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from callhooks_site.devtools.database import USERS, start_stopper, throw_away_server
from callhooks_site.devtools.locks import FileLock
from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.devtools.state import DevError, make_state_folder, state_folder
from tests.bench.statements import LIBRARY


@contextmanager
def bench_server(*, durable: bool = True) -> Iterator[str]:
    """The DATABASE_URL of a database that can be used to make others. Raises DevError.

    With a DATABASE_URL in the environment that server is used; databases are made there and removed again. Without
    `durable` it confirms commits that are not on disk yet: for tests of the benches, never for a figure.
    """
    if given := os.environ.get("DATABASE_URL"):
        yield given
    elif durable:
        with _durable_server() as server:
            _count_statements(server)
            _check_durable(server.url)
            yield server.url
    else:
        with throw_away_server("bench-test", migrated=True) as server:
            _count_statements(server)
            yield server.url


@contextmanager
def _durable_server() -> Iterator[PostgresServer]:
    state = state_folder("bench")
    make_state_folder(state)
    with FileLock(state / USERS) as users:
        if not users.try_exclusive():
            raise DevError("./dev bench is running for this folder already; two at once would measure each other.")
        # Thrown away at the end, but not of the fast and unsafe kind: commits wait for the disk.
        server = PostgresServer(state)
        server.destroy()
        keeper = start_stopper(state, throw_away=True)
        try:
            server.start()
            yield server
        finally:
            server.destroy()
            users.close()
            if keeper is not None:
                keeper.wait(timeout=10)


def _count_statements(server: PostgresServer) -> None:
    """Load what counts statements, if this PostgreSQL comes with it. It counts nothing until a bench asks for it."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = %s", [LIBRARY]).fetchone():
            return
        connection.execute(f"ALTER SYSTEM SET shared_preload_libraries = '{LIBRARY}'")
    server.stop()
    server.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'ALTER SYSTEM SET "{LIBRARY}.track" = none')
        connection.execute("SELECT pg_reload_conf()")


def _check_durable(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            row = connection.execute(f"SHOW {name}").fetchone()
            if row is None or row[0] != "on":
                raise DevError(
                    f"The benches' PostgreSQL runs with {name} = {row and row[0]}: figures would be too good."
                )
