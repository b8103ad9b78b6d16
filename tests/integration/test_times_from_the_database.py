"""Times come from PostgreSQL in UTC, whatever the session's time zone, and what Python cannot hold is an error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection, transaction

from subscriptions.database.prepared import prepared_cursor

pytestmark = pytest.mark.django_db


def read(text: str) -> datetime:
    with prepared_cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02 03:04:05.6+00", datetime(2026, 1, 2, 3, 4, 5, 600_000, UTC)),
        ("2026-07-02 03:04:05-05", datetime(2026, 7, 2, 8, 4, 5, tzinfo=UTC)),
        ("0900-01-02 03:04:05.000001+05:53:28", datetime(900, 1, 1, 21, 10, 37, 1, UTC)),
    ],
)
def test_they_are_in_utc(zone: str, text: str, expected: datetime):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL TIME ZONE '{zone}'")
        cursor.execute("SELECT %s::timestamptz", [text])
        from_django = cursor.fetchone()[0]
    for value in (read(text), from_django):
        assert value == expected
        assert value.tzinfo is UTC


@pytest.mark.parametrize("text", ["infinity", "-infinity", "0044-03-15 12:00+00 BC", "12000-01-01 00:00+00"])
def test_what_python_cannot_hold_is_an_error(text: str):
    with pytest.raises(DataError, match="timestamp too"), transaction.atomic():
        read(text)


def test_what_python_cannot_hold_in_utc_is_an_error():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Asia/Kolkata'")
    with pytest.raises(DataError, match="cannot hold in UTC"):
        read("0001-01-01 00:00:00")
