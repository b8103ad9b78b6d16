"""A connection that is kept between requests is checked without asking the server, and replaced when it has ended."""

from __future__ import annotations

import select
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db(transaction=True)


def begin_request() -> None:
    kept: Any = connection
    kept.health_check_enabled, kept.health_check_done = True, False


def test_a_good_connection_is_not_asked():
    connection.ensure_connection()
    begin_request()
    with CaptureQueriesContext(connection) as captured, connection.cursor() as cursor:
        cursor.execute("SELECT 2")
    assert [each["sql"] for each in captured] == ["SELECT 2"]


def test_a_connection_that_the_server_ended_is_replaced():
    connection.ensure_connection()
    ended = connection.connection.info.backend_pid
    with psycopg.connect(connection.connection.info.dsn, password=connection.settings_dict["PASSWORD"]) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [ended])
    select.select([connection.connection.fileno()], [], [], 30)  # until the end has arrived
    begin_request()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != ended
