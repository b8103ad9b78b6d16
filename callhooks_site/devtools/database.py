"""Share a private PostgreSQL: the first user starts the server, the last one stops it.

Each user holds a shared lock while it runs. A small process (`database_stopper`) waits until all are gone and stops the
server: so even a `./dev` that is killed leaves none behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callhooks_site.devtools.locks import FileLock
from callhooks_site.devtools.migrated import start_migrated
from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.devtools.state import PROJECT, make_state_folder, state_folder

USERS = "users.lock"
START = "start.lock"
STOPPER = "keeper.lock"
MOST_TEST_RUNS_AT_ONCE = 50
STOPPER_SECONDS = 10.0  # for a stopper with nothing left to do; a busy machine gives it its turn late
# Stoppers that stay for other users. Python warns of a process that nobody holds.
_STAYING: list[subprocess.Popen[bytes]] = []


@contextmanager
def lasting_database(state: Path) -> Iterator[str]:
    """Yields the DATABASE_URL of the server in a state folder. Starts it if needed; its last user stops it."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    make_state_folder(state)
    server = PostgresServer(state)
    with FileLock(state / USERS) as users:
        users.shared()
        stopper = None
        try:
            with FileLock(state / START) as start:
                start.exclusive()
                stopper = start_stopper(state, throw_away=False)
                server.start()
            yield server.url
        finally:
            if users.try_exclusive():
                server.stop()
            else:
                # Either others still use it, or the stopper is stopping it: then wait for that.
                users.shared()
            users.close()
            _wait_for_stopper(stopper, server)


@contextmanager
def throw_away_database(project: Path = PROJECT, *, migrated: bool = False) -> Iterator[str]:
    """Yields the DATABASE_URL of a new server for one test run: fast, and not crash-safe."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with throw_away_server("test", project, migrated=migrated) as server:
        yield server.url


@contextmanager
def throw_away_server(purpose: str, project: Path = PROJECT, *, migrated: bool = False) -> Iterator[PostgresServer]:
    """Yields a new server, whatever DATABASE_URL says: fast, and not crash-safe. `purpose` names its folder.
    Its databases are empty; with `migrated`, all have our tables, those that are created later too."""
    state, users = free_folder(purpose, project)
    server = PostgresServer(state, throw_away=True)
    stopper = None
    try:
        server.destroy()  # a killed run may have left one
        stopper = start_stopper(state, throw_away=True)
        if migrated:
            start_migrated(server, project)
        else:
            server.start()
        yield server
    finally:
        server.destroy()
        users.close()
        _wait_for_stopper(stopper, server)


def free_folder(purpose: str, project: Path = PROJECT) -> tuple[Path, FileLock]:
    """A state folder that no other run uses, as long as the lock is held. Raises DevError."""
    for number in range(1, MOST_TEST_RUNS_AT_ONCE + 1):
        state = state_folder(f"{purpose}-{number}", project)
        make_state_folder(state)
        users = FileLock(state / USERS)
        if users.try_exclusive():
            return state, users
        users.close()
    raise RuntimeError(f"{MOST_TEST_RUNS_AT_ONCE} runs of {project} for {purpose} at once")


def start_stopper(state: Path, *, throw_away: bool) -> subprocess.Popen[bytes] | None:
    """Start a stopper for this state folder, unless it has one."""
    with FileLock(state / STOPPER) as lock:
        if not lock.try_exclusive():
            return None
    command = [sys.executable, "-m", "callhooks_site.devtools.database_stopper", os.fspath(state)]
    return subprocess.Popen(
        [*command, "--throw-away"] if throw_away else command,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait_for_stopper(stopper: subprocess.Popen[bytes] | None, server: PostgresServer) -> None:
    """Wait until our stopper has finished, so that no process outlives us. If somebody has started to use the server
    again, the stopper stays for them."""
    if stopper is None:
        return
    give_up_at = time.monotonic() + STOPPER_SECONDS
    while stopper.poll() is None:
        if server.pid() is not None or time.monotonic() > give_up_at:
            _STAYING.append(stopper)
            return
        time.sleep(0.02)
