"""Start a server on which every new database has our tables already.

Running all migrations takes ten seconds; copying the files that they leave takes a tenth of one. So the first test run
after a change of the code migrates `template1`, which PostgreSQL copies for each new database, and keeps a copy of the
server's data for the runs after it.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import psycopg

from callhooks_site.devtools.locks import FileLock
from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.devtools.state import DevError, environment, make_secrets, make_state_folder, state_folder

LOCK = "make.lock"
MADE_OF = "made-of"


def start_migrated(server: PostgresServer, project: Path) -> None:
    """`server` is new. Raises DevError."""
    state = state_folder("migrated", project)
    make_state_folder(state)
    kept, made_of = PostgresServer(state), state / MADE_OF
    with FileLock(state / LOCK) as lock:
        lock.exclusive()  # others copy what the first one makes
        version = _version(project)
        if not made_of.exists() or made_of.read_text() != version:
            made_of.unlink(missing_ok=True)
            server.start()
            _migrate(server, project)
            server.stop()
            kept.copy_data(server)
            made_of.write_text(version)
        else:
            server.copy_data(kept)
    server.start()


def _migrate(server: PostgresServer, project: Path) -> None:
    url = server.url_of("template1")
    env = {**environment(url, make_secrets()), "DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=project, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise DevError(f"The migrations failed on an empty database:\n{done.stdout}{done.stderr}")
    with psycopg.connect(server.url_of("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE callhooks")
        connection.execute("CREATE DATABASE callhooks")


def _version(project: Path) -> str:
    """Of all that migrations may depend on: the code, since they import some of it, and the packages."""
    found = hashlib.sha256()
    code = (path for package in project.glob("*/__init__.py") for path in package.parent.rglob("*.py"))
    for path in sorted([*code, *project.glob("requirements*.txt")]):
        name = path.relative_to(project)
        if name.parts[0] != "tests":
            found.update(f"{name}\n".encode() + path.read_bytes())
    return found.hexdigest()
