"""The private PostgreSQL of `./dev`: started, found again, joined, and stopped by its last user."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import environ
import psycopg
import pytest

from callhooks_site.devtools.database import lasting_database, throw_away_database, throw_away_server
from callhooks_site.devtools.pg_binaries import server_account
from callhooks_site.devtools.pid_files import command_of
from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.devtools.state import DevError, state_folder
from tests.support.waiting import wait_until

PROJECT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from pathlib import Path
from callhooks_site.devtools.database import lasting_database
with lasting_database(Path(sys.argv[1])) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A project of its own; the first start, which takes longest, is done once for all tests here."""
    project = tmp_path_factory.mktemp("a project")
    yield project
    for purpose in ("run", "fresh", "test-1", "test-2", "migrated"):
        shutil.rmtree(state_folder(purpose, project), ignore_errors=True)


@pytest.fixture
def state(clone, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return state_folder("run", clone)


@pytest.fixture
def server(state):
    return PostgresServer(state)


@contextmanager
def other_user(state):
    """A second ./dev that uses the server, in a process of its own."""
    command = [sys.executable, "-c", HOLD, os.fspath(state)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=PROJECT, text=True, **pipes) as process:
        try:
            assert process.stdout.readline().startswith("postgres://")
            yield process
        finally:
            process.kill()


def answer(url, question):
    with psycopg.connect(url) as connection:
        return connection.execute(question).fetchone()[0]


def test_its_data_is_there_again_after_a_stop(state, server):
    with lasting_database(state) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'yes' AS answer")
    assert server.pid() is None

    with lasting_database(state) as url:
        assert answer(url, "SELECT answer FROM kept") == "yes"
        assert answer(url, "SHOW server_encoding") == "UTF8"
        assert answer(url, "SHOW timezone") == "UTC"
        assert answer(url, "SHOW fsync") == "on"


def test_it_is_reached_by_its_socket_and_by_nobody_else(state, server):
    with lasting_database(state) as url:
        assert answer(url, "SHOW listen_addresses") == ""
        assert server.folder.stat().st_mode & 0o777 == 0o700


def test_djangos_settings_understand_its_address(state):
    with lasting_database(state) as url:
        parsed = environ.Env.db_url_config(url)
        options = parsed["OPTIONS"]
        connection = psycopg.connect(dbname=parsed["NAME"], user=parsed["USER"], **options)
        with connection:
            assert connection.execute("SELECT current_database()").fetchone()[0] == "callhooks"
        connection.close()


def test_the_last_user_stops_it_and_not_the_first(state, server):
    with lasting_database(state):
        pass
    with other_user(state) as first, lasting_database(state) as url:
        started = server.pid()
        first.stdin.close()  # the one who started it leaves in good order
        first.wait(timeout=120)
        assert answer(url, "SELECT 1") == 1
        assert server.pid() == started
    assert server.pid() is None


@pytest.mark.long(short="tests/integration/test_embedded_postgres.py::test_its_data_is_there_again_after_a_stop")
def test_users_that_come_at_the_same_time_share_one_new_server(clone, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    state = state_folder("fresh", clone)
    server = PostgresServer(state)
    command = [sys.executable, "-c", HOLD, os.fspath(state)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    users = [subprocess.Popen(command, cwd=PROJECT, text=True, **pipes) for _ in range(3)]

    urls = {user.stdout.readline().strip() for user in users}
    assert urls == {server.url}
    for user in users:
        user.communicate("")  # closes its input, at which it leaves
        assert user.returncode == 0
    wait_until(lambda: server.pid() is None)


def test_a_killed_user_leaves_no_server_behind(state, server):
    with other_user(state) as user:
        assert server.pid() is not None
        user.kill()
        user.wait()
        wait_until(lambda: server.pid() is None)


def test_a_server_that_was_left_running_is_joined(state, server):
    server.start()
    left = server.pid()

    with lasting_database(state) as url:
        assert answer(url, "SELECT 1") == 1
        assert server.pid() == left

    assert server.pid() is None


def test_a_killed_server_starts_again(state, server):
    with lasting_database(state):
        os.kill(server.pid(), signal.SIGKILL)
        wait_until(lambda: server.pid() is None)
    assert (server.data / "postmaster.pid").exists()

    with lasting_database(state) as url:
        assert answer(url, "SELECT 1") == 1


def test_a_pid_file_with_the_number_of_another_program_does_not_stop_the_start(state, server):
    with lasting_database(state):
        lines = (server.data / "postmaster.pid").read_text().splitlines()
    account = server_account()
    with subprocess.Popen(["sleep", "60"], cwd="/", **account.popen()) as other:
        try:
            wait_until(lambda: "sleep" in command_of(other.pid))
            for stale in (server.data / "postmaster.pid", server.folder / ".s.PGSQL.5432.lock"):
                stale.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
                os.chown(stale, account.uid, account.gid)
            assert server.pid() is None

            with lasting_database(state) as url:
                assert answer(url, "SELECT 1") == 1
            assert other.poll() is None
        finally:
            other.kill()


def test_data_of_a_version_that_is_not_here_is_left_alone(state, server):
    with lasting_database(state):
        pass
    version = server.data / "PG_VERSION"
    before = version.read_text()
    version.write_text("12\n")
    try:
        with pytest.raises(DevError, match="was made by PostgreSQL 12"), lasting_database(state):
            pass
    finally:
        version.write_text(before)


def test_a_given_database_is_used_as_it_is(clone, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://example.com/mine")
    untouched = state_folder("other", clone)

    with lasting_database(untouched) as url, throw_away_database(clone) as test_url:
        assert url == test_url == "postgres://example.com/mine"
    assert not untouched.exists()


@pytest.mark.long(short="tests/integration/test_embedded_postgres.py::test_its_data_is_there_again_after_a_stop")
def test_each_test_run_has_an_empty_server_of_its_own(state, clone):
    with throw_away_database(clone) as one, throw_away_database(clone) as two:
        assert one != two
        assert answer(one, "SHOW fsync") == answer(two, "SHOW fsync") == "off"
        with psycopg.connect(one) as connection:
            connection.execute("CREATE TABLE left_over ()")
    with throw_away_database(clone) as again:
        assert again == one
        assert answer(again, "SELECT count(*) FROM pg_tables WHERE tablename = 'left_over'") == 0
    assert not (state_folder("test-1", clone) / "pg").exists()


MIGRATE = """
import os, sys
import psycopg
from app.tables import NAME
assert sys.argv[1] == "migrate"
if NAME == "none":
    sys.exit("no such table")
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute(f"CREATE TABLE {NAME} ()")
"""


@pytest.mark.long(short="tests/integration/test_embedded_postgres.py::test_its_data_is_there_again_after_a_stop")
def test_a_migrated_server_has_the_tables_in_every_database_and_is_made_anew_when_the_code_changes(clone, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://example.com/mine")  # not the one to migrate
    code = clone / "app" / "tables.py"
    code.parent.mkdir()
    (clone / "manage.py").write_text(MIGRATE)
    (code.parent / "__init__.py").touch()

    def tables(url: str) -> set[str]:
        query = "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'"
        return set((answer(url, query) or "").split())

    code.write_text("NAME = 'first'")
    with throw_away_server("test", clone, migrated=True) as server:
        with psycopg.connect(server.url_of("template1")) as connection:
            connection.execute("CREATE TABLE of_this_run ()")
        assert tables(server.url) == {"first"}
    (clone / "manage.py").unlink()  # from now on nothing can be migrated
    with throw_away_server("test", clone, migrated=True) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE later")
        assert tables(server.url) == tables(server.url_of("later")) == {"first"}

    (clone / "manage.py").write_text(MIGRATE)
    code.write_text("NAME = 'none'")
    with pytest.raises(DevError, match="no such table"), throw_away_server("test", clone, migrated=True):
        pass
    code.write_text("NAME = 'second'")
    with throw_away_server("test", clone, migrated=True) as server:
        assert tables(server.url) == {"second"}
