"""DATABASE_URL may name several servers, and what libpq gets of it."""

from __future__ import annotations

import runpy
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from callhooks_site import databases
from callhooks_site.databases import parse_database_url
from subscriptions.database.parameters import driver_parameters


def parameters(url: str) -> dict[str, object]:
    return driver_parameters(parse_database_url("DATABASE_URL", url))


@pytest.mark.parametrize(
    ("named", "host", "port"),
    [
        ("db1,db2", "db1,db2", "5432,5432"),
        ("db1:6000,db2:6001", "db1,db2", "6000,6001"),
        ("db1,db2:6001", "db1,db2", "5432,6001"),
        ("db1:6000,db2", "db1,db2", "6000,5432"),
        ("[::1]:6000,10.0.0.2", "::1,10.0.0.2", "6000,5432"),
    ],
)
def test_several_servers_are_tried_in_turn_until_one_takes_writes(named: str, host: str, port: str):
    given = parameters(f"postgres://u:p%40ss@{named}/name")
    assert (given["host"], given["port"], given["target_session_attrs"]) == (host, port, "read-write")
    assert (given["user"], given["password"], given["dbname"]) == ("u", "p@ss", "name")


def test_sockets_of_several_servers_too():
    given = parameters("postgres://u@/name?host=/run/one,/run/two&port=5432,5433")
    assert (given["host"], given["port"]) == ("/run/one,/run/two", "5432,5433")
    assert given["target_session_attrs"] == "read-write"


def test_one_server_is_asked_for_nothing_more():
    assert "target_session_attrs" not in parameters("postgres://u:a,b@db1/name")


def test_a_server_that_vanished_is_given_up_and_the_url_may_say_when():
    given = parameters("postgres://u@db1/name?connect_timeout=9&application_name=mine&sslmode=require")
    assert (given["connect_timeout"], given["tcp_user_timeout"]) == (9, 10_000)
    assert (given["application_name"], given["sslmode"]) == ("mine", "require")


@pytest.mark.parametrize("url", ["postgres://u@db1,:5433/name", "postgres://u@db1,db2:port/name"])
def test_a_server_without_a_name_or_port_is_refused(url: str):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_DIRECT_URL must name a PostgreSQL database"):
        parse_database_url("DATABASE_DIRECT_URL", url)


POOLED, DIRECT = "postgres://u@pooled/n", "postgres://u@direct/n"
WEB, ALL_ELSE = True, False


@pytest.mark.parametrize(
    ("serves_web", "direct", "prepared", "used"),
    [
        (WEB, DIRECT, "", ("pooled", False)),
        (ALL_ELSE, DIRECT, "", ("direct", True)),
        (WEB, "", "", ("pooled", True)),
        (ALL_ELSE, "", "", ("pooled", True)),
        (WEB, DIRECT, "yes", ("pooled", True)),
        (ALL_ELSE, DIRECT, "no", ("direct", True)),
        (ALL_ELSE, "", "no", ("pooled", False)),
    ],
)
def test_the_web_goes_through_the_pooler_and_all_else_past_it(monkeypatch, serves_web, direct, prepared, used):
    given = {"DATABASE_URL": POOLED, "DATABASE_DIRECT_URL": direct, "DATABASE_PREPARED_STATEMENTS": prepared}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(databases, "serves_web", serves_web)
    monkeypatch.delitem(sys.modules, "callhooks_site.settings", raising=False)
    read = runpy.run_module("callhooks_site.settings")
    assert (read["DATABASES"]["default"]["HOST"], read["DATABASE_PREPARED_STATEMENTS"]) == used


def test_what_gunicorn_serves_is_the_web(monkeypatch):
    monkeypatch.setattr(databases, "serves_web", False)
    monkeypatch.delitem(sys.modules, "callhooks_site.wsgi", raising=False)
    runpy.run_module("callhooks_site.wsgi")
    assert databases.serves_web


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("scheme", ["postgress://", "mysql://", "://", "//", ""])
def test_a_wrong_scheme_is_said_without_the_password(scheme: str, recwarn: pytest.WarningsRecorder):
    with pytest.raises(ImproperlyConfigured) as caught:
        parse_database_url("DATABASE_URL", f"{scheme}user:topsecret@db/name")
    said = [str(caught.value), *(str(warning.message) for warning in recwarn)]
    assert not [words for words in said if "topsecret" in words]
