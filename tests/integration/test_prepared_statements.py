"""Statements of every request are prepared, and a setting switches that off. Nothing is cached that may be stale."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import DataError, NotSupportedError, connection, transaction
from django.utils import timezone

from subscriptions.database import prepared as prepared_module
from subscriptions.database.bound_cursor import BoundCursor
from subscriptions.database.prepared import fetch_prepared, prepared_cursor
from subscriptions.models import ApiKey, Delivery
from tests.support.api import program
from tests.support.factories import make_company, make_subscription, make_tracker

PLANNED_FOR_VALUES = 5  # so often PostgreSQL plans a prepared statement for its values before it decides
FORM = {"form_data": {"name": "Ann", "email": "ann@example.com"}}


def prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
def test_a_form_comes_in_with_and_without_prepared_statements(settings, on):
    settings.DATABASE_PREPARED_STATEMENTS = on
    connection.close()
    company = make_company()
    make_subscription(company, events=["form_submission"])
    api = program(company)
    for _ in range(3):
        assert api.post("/api/v1/forms/", FORM).status_code == 201
    assert (prepared() > 0) is on
    assert Delivery.objects.filter(company=company).count() == 3


@pytest.mark.django_db(transaction=True)
def test_what_a_form_and_a_call_run_is_planned_once_whatever_statistics_say():
    company = make_company()
    make_subscription(company)
    tracker = make_tracker(company)
    api = program(company)

    def send() -> None:
        assert api.post("/api/v1/forms/", FORM).status_code == 201
        call = {
            "direction": "inbound",
            "tracking_phone_number": tracker.phone_number,
            "customer_phone_number": "+12145550123",
        }
        address = api.post("/api/v1/calls/", call).headers["Location"]
        assert api.patch(address, {"answered_at": "2026-01-05T10:00:00Z"}).status_code == 200

    send()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()
    runs = PLANNED_FOR_VALUES + 3
    for _ in range(runs):
        send()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement FROM pg_prepared_statements "
            "WHERE generic_plans + custom_plans >= %s AND custom_plans > %s",
            [runs, PLANNED_FOR_VALUES],
        )
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_a_revoked_key_is_refused_and_a_new_subscription_served_at_once():
    company = make_company()
    api = program(company)
    assert api.post("/api/v1/forms/", FORM).status_code == 201
    subscription = make_subscription(company, events=["form_submission"])
    assert api.post("/api/v1/forms/", FORM).status_code == 201
    assert Delivery.objects.filter(subscription=subscription).count() == 1
    ApiKey.objects.filter(company=company).update(revoked_at=timezone.now())
    assert api.post("/api/v1/forms/", FORM).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_after_a_column_changed_its_type_the_next_request_has_a_new_connection():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE changing (name varchar(10))")
    try:
        read = "SELECT name FROM changing WHERE name = %s"
        with prepared_cursor() as cursor:
            cursor.execute(read, ["Ann"])
        parameters = connection.get_connection_params() | {"context": None, "cursor_factory": psycopg.Cursor}
        with psycopg.connect(**parameters) as somebody_else:
            somebody_else.execute("ALTER TABLE changing ALTER name TYPE varchar(20)")
        with pytest.raises(NotSupportedError, match="must not change result type"), prepared_cursor() as cursor:
            cursor.execute(read, ["Ann"])
        before = connection.connection
        connection.close_if_unusable_or_obsolete()  # as Django does after a request
        with prepared_cursor() as cursor:
            cursor.execute(read, ["Ann"])
        assert connection.connection is not before
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE changing")


ONE = "SELECT %s::bigint"


def kept_cursors() -> dict[str, BoundCursor]:
    ours: Any = connection
    kept: dict[str, BoundCursor] = ours.kept_cursors
    return kept


@pytest.mark.django_db
def test_a_statement_that_runs_within_itself_has_a_cursor_of_its_own():
    fetch_prepared(ONE, [1])
    with prepared_module._kept_cursor(ONE) as outer:
        outer.execute(ONE, [2])
        assert fetch_prepared(ONE, [3]) == [(3,)]
        assert outer.fetchall() == [(2,)]


@pytest.mark.django_db
def test_a_cursor_is_kept_for_its_statement_also_after_an_error_and_only_so_many(monkeypatch):
    monkeypatch.setattr(prepared_module, "KEPT_CURSORS", 2)
    kept_cursors().clear()
    fetch_prepared(ONE, [1])
    first = kept_cursors()[ONE]
    with pytest.raises(DataError), transaction.atomic():
        fetch_prepared(ONE, ["no number"])
    assert fetch_prepared(ONE, [2]) == [(2,)]
    assert fetch_prepared(ONE, [3]) == [(3,)]
    assert kept_cursors()[ONE] is not first
    for number in range(3):
        assert fetch_prepared(f"SELECT %s::bigint + {number}", [1]) == [(1 + number,)]
    assert len(kept_cursors()) == 2


@pytest.mark.django_db(transaction=True)
def test_a_cursor_of_a_connection_that_ended_is_not_used_again():
    assert fetch_prepared(ONE, [1]) == [(1,)]
    connection.close()
    assert fetch_prepared(ONE, [2]) == [(2,)]
    assert kept_cursors()[ONE].connection is connection.connection


@pytest.mark.django_db
def test_no_cursor_holds_the_values_of_a_batch():
    kept_cursors().clear()
    assert fetch_prepared(ONE, [1], keep=False) == [(1,)]
    assert kept_cursors() == {}


@pytest.mark.django_db
def test_types_are_found_anew_for_other_values():
    echo = "SELECT %s, %s::timestamptz IS NULL"
    assert fetch_prepared(echo, ["a", None]) == [("a", True)]
    assert fetch_prepared(echo, [7, timezone.now()]) == [(7, False)]
    assert fetch_prepared(echo, [2**40, None]) == [(2**40, True)]
    assert fetch_prepared(echo, ["b", timezone.now()]) == [("b", False)]
