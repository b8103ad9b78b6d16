"""A PostgreSQL server in a folder of its own, which listens only on a socket in that folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from callhooks_site.devtools.pg_binaries import Account, Binaries, find_binaries, server_account
from callhooks_site.devtools.pid_files import build_stale_pid_text, command_of, lines, pid_in
from callhooks_site.devtools.state import SOCKET_NAME, DevError

STOP_SECONDS = 15.0

SETTINGS = """\
listen_addresses = ''
unix_socket_directories = '{folder}'
unix_socket_permissions = 0700
port = 5432
max_connections = 200
shared_buffers = 128MB
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
jit = off
# Containers often have 64 MB of shared memory, which parallel queries can exhaust.
max_parallel_workers_per_gather = 0
"""
# A machine crash can corrupt the data: only for temporary databases.
THROW_AWAY_SETTINGS = """\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
"""


class PostgresServer:
    """The server whose data is in `state`/pg. Only one caller at a time may start or stop it."""

    def __init__(self, state: Path, *, throw_away: bool = False) -> None:
        self.state = state
        self.folder = Path(os.path.realpath(state)) / "pg"
        self.data = self.folder / "data"
        self.throw_away = throw_away

    @property
    def url(self) -> str:
        """The DATABASE_URL, for both django-environ and libpq."""
        return self.url_of("callhooks")

    def url_of(self, database: str) -> str:
        url = f"postgres://callhooks@/{database}?host={quote(os.fspath(self.folder), safe='')}&port=5432"
        # A server without syncs is one of tests, which may run beside anything.
        return f"{url}&connect_timeout=60" if self.throw_away else url

    def start(self) -> None:
        """Start the server unless it runs, and wait until it answers. Raises DevError."""
        if self.pid() is not None and self._wait_until_ready():
            return
        account = server_account()
        self._make_folder(account)
        binaries = find_binaries(self.state, account, major=self._major())
        if not self.data.exists():
            self._create(binaries, account)
        self._write_settings(account)
        # After a kill, the server's child processes use the data for another moment.
        for pause in (0.5, 1.0, 2.0):
            if self._launch(binaries, account):
                return
            time.sleep(pause)
        if not self._launch(binaries, account):
            log = self.folder / "server.log"
            raise DevError(f"PostgreSQL does not start. Its log, {log}, ends with:\n{self._log_end()}")

    def stop(self) -> None:
        """Stop it if it runs. Cuts connections; committed data is kept."""
        self._signal_until_gone(signal.SIGINT, STOP_SECONDS)
        self._signal_until_gone(signal.SIGQUIT, 5.0)

    def destroy(self) -> None:
        """Kill it and delete its data."""
        self._signal_until_gone(signal.SIGQUIT, 5.0)
        shutil.rmtree(self.folder, ignore_errors=True)

    def copy_data(self, other: PostgresServer) -> None:
        """Replace our data by that of another server. Neither may be running. Raises DevError."""
        account = server_account()
        self._make_folder(account)
        new = self.folder / "data.new"
        for old in (new, self.data):
            shutil.rmtree(old, ignore_errors=True)
        done = self._run(["cp", "-pR", os.fspath(other.data), os.fspath(new)], account)
        if done.returncode != 0:
            raise DevError(f"The data in {other.data} could not be copied to {self.folder}:\n{done.stdout.strip()}")
        new.rename(self.data)

    def pid(self) -> int | None:
        """The process id of our server, None unless it runs.

        The id in the pid file may belong to a dead process, or to another program by now.
        """
        pid = pid_in(self.data / "postmaster.pid")
        if pid is None:
            return None
        command = command_of(pid)
        return pid if "postgres" in command and os.fspath(self.data) in command else None

    def _make_folder(self, account: Account) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.folder.chmod(0o700)
        if account.changes and self.folder.stat().st_uid != account.uid:
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, account.uid, account.gid, follow_symlinks=False)

    def _major(self) -> int | None:
        """The PostgreSQL version of the data; None without data."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def _create(self, binaries: Binaries, account: Account) -> None:
        """Create the data with an empty database `callhooks`, completely or not at all."""
        new = self.folder / "data.new"
        command = [binaries.program("initdb"), "-D", os.fspath(new), "-U", "callhooks", "-E", "UTF8"]
        command += ["--locale=C", "--auth-local=trust", "--auth-host=reject", "--no-instructions"]
        command += ["--no-sync"] if self.throw_away else []
        # C.UTF-8 allows case-insensitive search beyond ASCII, but not every system has it.
        for attempt in ([*command, "--lc-ctype=C.UTF-8"], command):
            shutil.rmtree(new, ignore_errors=True)
            made = self._run(attempt, account)
            if made.returncode == 0:
                break
        else:
            raise DevError(f"PostgreSQL's initdb failed in {self.folder}:\n{made.stdout.strip()}")
        single = [binaries.program("postgres"), "--single", "-F", "-D", os.fspath(new), "postgres"]
        created = self._run(single, account, stdin="CREATE DATABASE callhooks;\n")
        if created.returncode != 0 or "ERROR" in created.stdout:
            raise DevError(f"The database could not be created in {self.folder}:\n{created.stdout.strip()}")
        with (new / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'callhooks.conf'\n")
        new.rename(self.data)

    def _write_settings(self, account: Account) -> None:
        """Rewritten at each start, since the project may have moved."""
        # A list of double-quoted folders, inside a single-quoted string.
        quoted = os.fspath(self.folder).replace('"', '""').replace("\\", "\\\\").replace("'", "''")
        settings = SETTINGS.format(folder=f'"{quoted}"') + (THROW_AWAY_SETTINGS if self.throw_away else "")
        self._replace(self.data / "callhooks.conf", settings, account)

    def _launch(self, binaries: Binaries, account: Account) -> bool:
        if self.pid() is not None:  # slow, not dead
            return self._wait_until_ready()
        self._neutralize_pid_file(self.data / "postmaster.pid", account)
        self._neutralize_pid_file(self.folder / f"{SOCKET_NAME}.lock", account)
        log = os.fspath(self.folder / "server.log")
        command = [
            binaries.program("pg_ctl"),
            "start",
            "-s",
            "-w",
            "-t",
            "60",
            "-D",
            os.fspath(self.data),
            "-l",
            log,
        ]
        return self._run(command, account).returncode == 0

    def _run(self, command: list[str], account: Account, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command, with errors in its output.

        Uses a file, because the server that pg_ctl starts would keep a pipe open.
        """
        with (self.state / "last-command.log").open("w+") as output:
            done = subprocess.run(
                command,
                input=stdin,
                text=True,
                stdout=output,
                stderr=output,
                check=False,
                cwd=self.folder,
                **account.popen(),
            )
            output.seek(0)
            done.stdout = output.read()
        return done

    def _wait_until_ready(self) -> bool:
        """Wait for the running server to answer; False if it ends first."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            status = lines(self.data / "postmaster.pid")[7:8]
            if status and status[0].strip() == "ready":
                return True
            if self.pid() is None:
                return False
            time.sleep(0.05)
        return False

    def _signal_until_gone(self, number: signal.Signals, seconds: float) -> None:
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while self.pid() == pid and time.monotonic() < deadline:
            time.sleep(0.02)

    def _neutralize_pid_file(self, path: Path, account: Account) -> None:
        """Make a stale pid file harmless, so that the server can start."""
        text = build_stale_pid_text(path)
        if text is None:
            path.unlink(missing_ok=True)
        else:
            self._replace(path, text, account)

    def _replace(self, path: Path, text: str, account: Account) -> None:
        """Write a file of the server's user, by rename, so that root does not follow a symlink of that user."""
        new = self.state / "new-file"
        new.write_text(text)
        new.chmod(0o600)
        os.chown(new, account.uid, account.gid)
        new.replace(path)

    def _log_end(self) -> str:
        return "\n".join(lines(self.folder / "server.log")[-10:])
