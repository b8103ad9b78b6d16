"""What is wrong with the database server is said in words when web and cluster start: a standby, an old version, too
few connections, a pooler in transaction mode."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection, connections
from django.test import Client

from callhooks_site.databases import parse_database_url, parse_replica_url
from subscriptions.database import checks
from subscriptions.database.findings import CLUSTER_ADDS, SPARE, Finding, Needs, inspect
from subscriptions.database.parameters import driver_parameters
from subscriptions.database.replica_findings import inspect_replica
from subscriptions.database.sessions import Session, loses_prepared, shares_sessions
from tests.crash.cluster import environment
from tests.support.poolers import running_pooler
from tests.support.replicas import Pair, running_pair

ROOT = Path(__file__).resolve().parents[2]
FEW = Needs(web=12, workers=3, drains=2)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with running_pair() as both:
        yield both


def findings(database: dict[str, Any], **more: Any) -> list[Finding]:
    given = {"keeps_sessions": True, "prepares": True, "needs": FEW} | more
    return inspect(database, "DATABASE_URL", **given)


def names(database: dict[str, Any], **more: Any) -> list[str]:
    return [finding.name for finding in findings(database, **more)]


def test_nothing_is_found_at_a_good_server_and_one_connection_is_enough_to_see_that():
    with closing(Session(connection.settings_dict)) as session:
        assert not shares_sessions(session, {"HOST": "/nowhere"})
    assert names(connection.settings_dict) == []
    assert checks.of_all() == []


def test_a_server_that_is_away_is_no_finding():
    assert names(connection.settings_dict | {"HOST": "/nowhere", "OPTIONS": {}}) == []


# --- a standby --------------------------------------------------------------------------------------------------------


def test_a_standby_is_found(pair: Pair):
    (finding,) = findings(parse_database_url("DATABASE_URL", pair.standby.url))
    assert finding.fatal
    assert "DATABASE_URL leads to a read replica" in finding.text
    assert "target_session_attrs=read-write" in finding.text
    assert names(parse_database_url("DATABASE_URL", pair.primary.url)) == []


def test_when_all_that_are_named_are_standbys_that_is_found_too(pair: Pair):
    twice = f"{pair.standby.folder},{pair.standby.folder}"
    url = f"postgres://callhooks@/callhooks?host={twice}&port=5432"
    database = parse_database_url("DATABASE_URL", url)
    with pytest.raises(psycopg.OperationalError, match="read-only"):
        psycopg.connect(**driver_parameters(database))
    assert names(database) == ["replica"]


def test_a_database_that_takes_no_writes_is_found():
    options = connection.settings_dict["OPTIONS"] | {"options": "-c default_transaction_read_only=on"}
    assert names(connection.settings_dict | {"OPTIONS": options}) == ["read only"]


@pytest.mark.long(short="tests/integration/test_database_findings.py::test_a_standby_is_found")
def test_the_cluster_does_not_start_on_a_standby_and_says_why(pair: Pair):
    env = environment(DATABASE_URL=pair.standby.url, DATABASE_DIRECT_URL="")
    done = subprocess.run(
        [sys.executable, "manage.py", "cluster"],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: The cluster cannot work with this database. DATABASE_URL leads to a ")


def test_web_servers_on_a_standby_are_taken_out_by_the_load_balancer(pair: Pair):
    kept = dict(connection.settings_dict)
    connection.close()
    try:
        connection.settings_dict.update(parse_database_url("DATABASE_URL", pair.standby.url))
        answer = Client().get("/healthz")
        assert (answer.status_code, answer.json()["database"]) == (503, "a standby")
    finally:
        connection.close()
        connection.settings_dict.update(kept)


# --- a read replica ---------------------------------------------------------------------------------------------------


def of_replica(pair: Pair, url: str, most: float = 10) -> list[Finding]:
    primary = parse_database_url("DATABASE_URL", pair.primary.url)
    return inspect_replica(parse_replica_url("DATABASE_REPLICA_URL", url), primary, most)


def test_a_replica_that_follows_is_good_and_one_that_is_away_is_no_finding(pair: Pair):
    pair.wait_until_equal()
    assert of_replica(pair, pair.standby.url) == []
    assert of_replica(pair, "postgres://callhooks@/callhooks?host=/nowhere") == []


def test_a_replica_that_takes_writes_or_belongs_to_another_server_is_found(pair: Pair):
    (primary,) = of_replica(pair, pair.primary.url)
    assert primary.fatal
    assert "DATABASE_REPLICA_URL leads to a server that takes writes" in primary.text
    other = inspect_replica(
        parse_replica_url("DATABASE_REPLICA_URL", pair.standby.url), dict(connection.settings_dict), 10
    )
    assert "leads to another database, which does not follow ours" in other[0].text


def test_a_replica_that_is_too_late_is_found(pair: Pair):
    with psycopg.connect(pair.primary.url, autocommit=True) as primary:
        primary.execute("SET synchronous_commit = local")  # what is not written is not seen to be missing
        primary.execute("CREATE TABLE written (n int)")
        pair.wait_until_equal()
        with pair.standing_still():
            primary.execute("INSERT INTO written VALUES (1)")
            (late,) = of_replica(pair, pair.standby.url, most=0)
            assert of_replica(pair, pair.standby.url, most=600) == []
    assert (late.name, late.fatal) == ("late replica", False)


def test_the_checks_look_at_the_replica_that_the_settings_name(pair: Pair, monkeypatch):
    monkeypatch.setitem(connections.settings, "replica", parse_replica_url("DATABASE_REPLICA_URL", pair.standby.url))
    assert [finding.name for finding in checks.of_all()] == ["no replica"]
    assert [finding.name for finding in checks.of_web()] == ["no replica"]


# --- an old version ---------------------------------------------------------------------------------------------------


@contextmanager
def server_that_says_it_is(version: str) -> Iterator[int]:
    """A port of 127.0.0.1 at which the real server announces another version of the same length."""
    parameters = driver_parameters(connection.settings_dict)
    target = f"{parameters['host']}/.s.PGSQL.{parameters.get('port', 5432)}"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        real = cursor.fetchone()[0].split()[0]
    assert len(real) == len(version)

    def relay(source: socket.socket, sink: socket.socket, old: bytes = b"", new: bytes = b"") -> None:
        while data := source.recv(65_536):
            sink.sendall(data.replace(b"server_version\0" + old, b"server_version\0" + new))
        sink.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX) as server:

        def serve() -> None:
            client, _ = listener.accept()
            server.connect(target)
            with client:
                back = threading.Thread(target=relay, args=(server, client, real.encode(), version.encode()))
                back.start()
                relay(client, server)
                back.join()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(60)


def test_an_old_server_is_found():
    with server_that_says_it_is("13.22") as port:
        options = {"sslmode": "disable", "gssencmode": "disable"}
        database = connection.settings_dict | {"HOST": "127.0.0.1", "PORT": port, "OPTIONS": options}
        (finding,) = findings(database)
    assert finding.fatal
    assert finding.text.startswith("DATABASE_URL leads to PostgreSQL 13; Callhooks needs 14 or newer.")


# --- connections ------------------------------------------------------------------------------------------------------


def test_too_few_connections_are_found_and_stop_nothing():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int - 3")  # what PostgreSQL reserves
        room = cursor.fetchone()[0] - SPARE - CLUSTER_ADDS
    assert names(connection.settings_dict, needs=Needs(web=room - 7, workers=3, drains=2)) == []
    (finding,) = findings(connection.settings_dict, needs=Needs(web=room - 6, workers=3, drains=2))
    assert (finding.name, finding.fatal) == ("connections", False)
    assert f"{room - 6} for the web servers' threads, 7 for the cluster, 4 for drains" in finding.text


def test_a_limit_of_the_role_counts():
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 20")
    try:
        database = connection.settings_dict | {"USER": "narrow"}
        assert names(database) == ["connections"]
        assert "lets us open 20 connections" in findings(database)[0].text
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE narrow")


def test_the_settings_say_how_many_the_web_servers_open(settings):
    settings.WEB_CONCURRENCY = 100
    (warning,) = checks.check_server(None, databases=["default"])
    assert (warning.id, warning.is_serious()) == ("callhooks.W_connections", False)
    assert checks.check_server(None, databases=None) == []
    assert [finding.name for finding in checks.of_web(24)] == []


def test_gunicorn_and_the_settings_agree_on_threads(settings):
    read: dict[str, Any] = {}
    exec((ROOT / "gunicorn.conf.py").read_text(), read)
    assert (read["workers"], read["threads"]) == (settings.WEB_CONCURRENCY, settings.WEB_THREADS)


# --- poolers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "how", "shared"),
    [
        ("transaction", {}, True),
        ("transaction", {"round_robin": 1}, True),
        ("transaction", {"size": 1}, True),
        ("statement", {}, True),
        ("session", {}, False),
    ],
    ids=["transaction", "in turn", "only one", "statement", "session"],
)
def test_a_pooler_that_shares_sessions_is_found(mode: str, how: dict[str, int], shared: bool):
    with running_pooler(mode, **how) as pooler, closing(Session(pooler.settings)) as session:
        assert shares_sessions(session, pooler.settings) is shared
        if shared and mode == "transaction":
            assert loses_prepared(session, pooler.settings)


def test_one_that_lets_us_wait_for_a_session_holds_up_nobody_and_hides_nothing(monkeypatch):
    monkeypatch.setattr("subscriptions.database.sessions.PATIENCE_SECONDS", 0.2)
    with running_pooler("session", size=1) as pooler:
        assert names(pooler.settings, needs=Needs(web=1000, workers=3, drains=2)) == ["connections"]


def test_where_the_pooler_leads_the_cluster_does_not_start_but_the_web_does():
    with running_pooler() as pooler:
        assert names(pooler.settings, needs=None) == ["pooler"]
        assert names(pooler.settings, needs=None, keeps_sessions=False, prepares=False) == []
        (finding,) = findings(pooler.settings, needs=None, keeps_sessions=False)
        assert "Set DATABASE_PREPARED_STATEMENTS=no" in finding.text
        kept = dict(connection.settings_dict)
        connection.close()
        try:
            connection.settings_dict.update(pooler.settings)
            with pytest.raises(CommandError, match="Set DATABASE_DIRECT_URL to PostgreSQL itself"):
                call_command("cluster")
            assert [message.id for message in checks.check_server(None, ["default"])] == ["callhooks.W_pooler"]
        finally:
            connection.close()
            connection.settings_dict.update(kept)


def test_two_urls_that_lead_apart_are_found(settings, pair: Pair):
    settings.DATABASE_HAS_POOLER = True
    settings.DATABASE_DIRECT = connection.settings_dict
    with running_pooler() as pooler:
        settings.DATABASE_FOR_WEB = pooler.settings
        settings.DATABASE_PREPARED_STATEMENTS_IN_WEB = False
        assert checks.of_all() == []
    settings.DATABASE_FOR_WEB = parse_database_url("DATABASE_URL", pair.primary.url)
    assert [finding.name for finding in checks.of_cluster()] == ["two databases"]
    with pytest.raises(SystemCheckError, match="lead to different databases"):
        call_command("check", databases=["default"])


def test_health_says_it_too(settings, capsys):
    settings.WEB_CONCURRENCY = 100
    with pytest.raises(SystemExit):  # no drain works in this test
        call_command("health")
    told = capsys.readouterr().out
    assert "No drain has worked" in told
    assert "max_connections" in told
