"""A primary and its standby by streaming replication, of real PostgreSQL servers; the standby can be promoted."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import quote

import psycopg

from callhooks_site.devtools.database import free_folder, start_stopper
from callhooks_site.devtools.migrated import start_migrated
from callhooks_site.devtools.pg_binaries import Account, find_binaries, server_account
from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.devtools.state import PROJECT, DevError
from tests.support.waiting import wait_until

# After callhooks.conf, whose throw-away settings know no standby.
SETTINGS = """
wal_level = replica
max_wal_senders = 5
hot_standby = on
"""


class ReplicatedServer(PostgresServer):
    """`settings`: more lines of its configuration. `network`: whose clients may come in, such as 10.0.0.0/24.
    `prefix`: a command line that runs each of its programs, as the server's user: in a network namespace."""

    def __init__(self, state: Path, *, settings: str = "", network: str = "", prefix: Sequence[str] = ()) -> None:
        super().__init__(state, throw_away=True)
        self._more, self._network, self._prefix = SETTINGS + settings, network, list(prefix)

    def make_standby_of(self, primary: PostgresServer, host: str) -> None:
        """Copy the running primary's data, and start following it. Raises DevError."""
        account = server_account()
        self._make_folder(account)
        program = find_binaries(self.state, account).program("pg_basebackup")
        command = [program, "-D", os.fspath(self.data), "-h", host, "-p", "5432", "-U", "callhooks", "-R", "-c", "fast"]
        done = self._run([*command, "-X", "stream"], account)
        if done.returncode:
            raise DevError(f"pg_basebackup failed:\n{done.stdout}")
        self.start()

    def crash(self) -> None:
        self._signal_until_gone(signal.SIGQUIT, 5.0)

    def promote(self) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute("SELECT pg_promote(wait => true)")

    def _write_settings(self, account: Account) -> None:
        super()._write_settings(account)
        path = self.data / "callhooks.conf"
        self._replace(path, path.read_text() + self._more, account)
        path = self.data / "pg_hba.conf"
        if self._network and self._network not in path.read_text():
            more = "".join(f"host {what} all {self._network} trust\n" for what in ("all", "replication"))
            self._replace(path, path.read_text() + more, account)

    def _run(self, command: list[str], account: Account, stdin: str = "") -> CompletedProcess[str]:
        if self._prefix:  # which changes to the server's user itself
            account = replace(account, changes=False)
        return super()._run([*self._prefix, *command], account, stdin)


class Pair:
    def __init__(self, primary: ReplicatedServer, standby: ReplicatedServer) -> None:
        self.primary, self.standby = primary, standby

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """The standby replays nothing meanwhile."""
        with psycopg.connect(self.standby.url, autocommit=True) as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
            paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'"
            wait_until(lambda: (connection.execute(paused).fetchone() or (False,))[0])
            try:
                yield
            finally:
                connection.execute("SELECT pg_wal_replay_resume()")

    @property
    def url(self) -> str:
        """Both, the primary first."""
        hosts = quote(f"{self.primary.folder},{self.standby.folder}", safe=",")
        return f"postgres://callhooks@/callhooks?host={hosts}&port=5432,5432"

    def wait_until_equal(self) -> None:
        """Until the standby has all that was committed on the primary by now."""
        with psycopg.connect(self.primary.url, autocommit=True) as connection:
            # Our servers confirm commits before they write them: one that waits takes those before it along.
            connection.execute("SET synchronous_commit = local")
            connection.execute("SELECT pg_logical_emit_message(true, 'callhooks', '')")
            (written,) = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone() or ("",)
        with psycopg.connect(self.standby.url, autocommit=True) as connection:
            query = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
            wait_until(lambda: (connection.execute(query, [written]).fetchone() or (False,))[0])


@contextmanager
def running_pair(*, migrated: bool = False) -> Iterator[Pair]:
    """Both with a database `callhooks`, empty or with our tables, on sockets only."""
    with replicated_server("primary") as primary, replicated_server("standby") as standby:
        if migrated:
            start_migrated(primary, PROJECT)
        else:
            primary.start()
        standby.make_standby_of(primary, os.fspath(primary.folder))
        yield Pair(primary, standby)


@contextmanager
def replicated_server(
    purpose: str, *, settings: str = "", network: str = "", prefix: Sequence[str] = ()
) -> Iterator[ReplicatedServer]:
    """One that is not started yet, and is destroyed at the end, even if we are killed."""
    state, users = free_folder(purpose)
    server = ReplicatedServer(state, settings=settings, network=network, prefix=prefix)
    server.destroy()  # a killed run may have left one
    stopper = start_stopper(state, throw_away=True)
    try:
        yield server
    finally:
        server.destroy()
        users.close()
        if stopper is not None:
            stopper.wait(60)
