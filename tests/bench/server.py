"""The PostgreSQL of a benchmark: a new, empty one that syncs to disk as a real one does, gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from callhooks_site.devtools.database import USERS, start_keeper
from callhooks_site.devtools.locks import FileLock
from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.devtools.state import DevError, make_state_folder, state_folder


@contextmanager
def bench_server() -> Iterator[str]:
    """The DATABASE_URL of a database that can be used to make others. Raises DevError.

    With a DATABASE_URL in the environment that server is used; databases are made there and removed again.
    """
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    state = state_folder("bench")
    make_state_folder(state)
    with FileLock(state / USERS) as users:
        if not users.try_exclusive():
            raise DevError("./dev bench is running for this folder already; two at once would measure each other.")
        # Thrown away at the end, but not of the fast and unsafe kind: commits wait for the disk.
        server = PostgresServer(state)
        server.destroy()
        keeper = start_keeper(state, throw_away=True)
        try:
            server.start()
            yield server.url
        finally:
            server.destroy()
            users.close()
            if keeper is not None:
                keeper.wait(timeout=10)
