"""Our sessions count in UTC, also where the server does not and a pooler hands the sessions around."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from subscriptions.database.backend.base import DatabaseWrapper
from tests.support.poolers import running_pooler

pytestmark = pytest.mark.django_db(transaction=True)
_ASK = "SELECT pg_backend_pid(), current_setting('TimeZone')"


@pytest.fixture
def _far_from_utc() -> Iterator[None]:
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET timezone = 'America/Chicago'")
        yield
        cursor.execute(f"ALTER DATABASE {name} RESET timezone")


def ask(wrapper: DatabaseWrapper) -> tuple[int, str]:
    with wrapper.cursor() as cursor:
        cursor.execute(_ASK)
        found: tuple[int, str] = cursor.fetchone()
    return found


@pytest.mark.usefixtures("_far_from_utc")
def test_who_gets_another_session_gets_it_in_utc():
    with running_pooler(size=2) as pooler:
        held, other = (DatabaseWrapper({**connection.settings_dict, **pooler.settings}, name) for name in ("a", "b"))
        try:
            first = ask(other)
            held.set_autocommit(False)
            assert ask(held) == first, "the pooler hands the session around"
            second = ask(other)
            with psycopg.connect(pooler.url, autocommit=True) as somebody_else:
                assert somebody_else.execute(_ASK).fetchone() == (second[0], "America/Chicago")
            assert (first[1], second[1], ask(other)[1]) == ("UTC", "UTC", "UTC")
            assert second[0] != first[0]
            held.rollback()
        finally:
            held.close()
            other.close()
