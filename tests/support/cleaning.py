"""Cheaper real transactions: what django_db(transaction=True) does after each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import TransactionTestCase

# Made by migrate and meant to stay.
KEPT = {"django_content_type", "auth_permission", "django_q_schedule"}


@contextmanager
def cleaned_by_deleting(*, keep_connection: bool = True) -> Iterator[None]:
    """After each such test, delete the rows and keep the connection. Deleting a few takes 10 ms; truncating every table
    and running migrate's signals again, as Django does, takes 300. A new connection takes PostgreSQL 20: its process
    knows no table yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", delete_everything)
        if keep_connection:
            patch.setattr(TransactionTestCase, "_should_reload_connections", _is_broken)
        yield


def delete_everything(_: Any = None) -> None:
    models = apps.get_models(include_auto_created=True)
    tables = sorted({model._meta.db_table for model in models if model._meta.managed} - KEPT)
    with transaction.atomic(), connection.cursor() as cursor:
        # A thread that a test left in a transaction is an error to be told, not to be waited for.
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        cursor.execute(";".join(f'DELETE FROM "{table}"' for table in tables))
        cursor.execute("SELECT pg_advisory_unlock_all(); UNLISTEN *; RESET ALL")


def _is_broken(_: Any) -> bool:
    return connection.connection is not None and connection.connection.closed
