"""Backups of a private PostgreSQL with its own programs: dumps, and a base backup with an archive."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import psycopg

from callhooks_site.devtools.pg_binaries import find_binaries, server_account
from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.devtools.state import DevError

PATIENCE = 60.0  # seconds


def run(server: PostgresServer, program: str, *arguments: str) -> None:
    """One of PostgreSQL's programs, as the server's user, in its folder. Raises DevError."""
    account = server_account()
    found = find_binaries(server.state, account).program(program)
    if not os.access(found, os.X_OK):
        raise DevError(f"This PostgreSQL has no {program} ({found}). Install PostgreSQL's client programs.")
    done = subprocess.run(
        [found, *arguments], cwd=server.folder, capture_output=True, text=True, check=False, **account.popen()
    )
    if done.returncode != 0:
        raise DevError(f"{program} failed:\n{done.stderr[-2000:]}")


def ask(url: str, query: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    return "" if row is None else str(row[0])


def archive_of(server: PostgresServer) -> Path:
    return server.folder / "archive"


def archive(server: PostgresServer) -> None:
    """Restart the server so that it archives its log. A throw-away server does not even write one to recover from."""
    folder = archive_of(server)
    folder.mkdir(mode=0o700)
    account = server_account()
    os.chown(folder, account.uid, account.gid)
    settings = {
        "wal_level": "replica",
        "max_wal_senders": "4",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "archive_mode": "on",
        "archive_command": f'cp "%p" "{folder}/%f"',
    }
    with psycopg.connect(server.url, autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    server.stop()
    server.start()


def base_backup(server: PostgresServer, into: Path) -> None:
    """Of all the server's data, while it runs."""
    run(server, "pg_basebackup", "--host", os.fspath(server.folder), "--username", "callhooks", "--checkpoint", "fast",
        "--wal-method", "none", "--no-sync", "--no-manifest", "--pgdata", os.fspath(into))  # fmt: skip


def finish_archive(server: PostgresServer) -> None:
    """Wait until everything that was written by now is in the archive."""
    wanted = ask(server.url, "SELECT pg_walfile_name(pg_switch_wal())")
    give_up_at = time.monotonic() + PATIENCE
    while not (archive_of(server) / wanted).exists():
        if time.monotonic() > give_up_at:
            raise DevError(f"PostgreSQL did not archive {wanted} within {PATIENCE:.0f} s.")
        time.sleep(0.05)
    time.sleep(0.1)  # cp makes the file before it has written it


def recover(server: PostgresServer, backup: Path, source: PostgresServer, point: str) -> None:
    """Make `server`, whatever it held, the `source` of the moment when the restore point `point` was made."""
    server.stop()
    shutil.rmtree(server.data)
    account = server_account()
    copied = subprocess.run(["cp", "-pR", os.fspath(backup), os.fspath(server.data)], check=False, **account.popen())
    if copied.returncode != 0:
        raise DevError(f"The base backup in {backup} could not be copied to {server.data}.")
    settings = {
        "restore_command": f'cp "{archive_of(source)}/%f" "%p"',
        "recovery_target_name": point,
        "recovery_target_action": "promote",
        "archive_mode": "off",  # the archive is the original's
    }
    with (server.data / "postgresql.auto.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    signal = server.data / "recovery.signal"
    signal.touch()
    os.chown(signal, account.uid, account.gid)
    server.start()
    give_up_at = time.monotonic() + PATIENCE
    while ask(server.url, "SELECT pg_is_in_recovery()") != "False":
        if time.monotonic() > give_up_at:
            raise DevError(f"The copy did not reach the point within {PATIENCE:.0f} s; see {server.folder}/server.log.")
        time.sleep(0.05)


def dump(server: PostgresServer, into: Path) -> None:
    run(server, "pg_dump", "--format", "custom", "--file", os.fspath(into), server.url)


def restore_over(server: PostgresServer, file: Path) -> None:
    """Into the database that it was made of, whose tables are dropped first."""
    run(server, "pg_restore", "--clean", "--if-exists", "--no-owner", "--exit-on-error", "--dbname", server.url,
        os.fspath(file))  # fmt: skip


def restore_dump(server: PostgresServer, file: Path, database: str) -> str:
    """Into a new database of the same server. Returns its URL."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database} TEMPLATE template0")
    url = server.url_of(database)
    run(server, "pg_restore", "--no-owner", "--exit-on-error", "--dbname", url, os.fspath(file))
    return url
