"""A claim is committed without waiting for the disk; what else runs on the connection waits as before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from subscriptions.delivery.outbox.cursors import by_index

ASK = "SELECT current_setting('synchronous_commit')"


@pytest.fixture(autouse=True)
def waits_for_the_disk(transactional_db: None) -> Iterator[None]:
    """As in production; the server that tests run on does not."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")


def asked() -> str:
    with connection.cursor() as cursor:
        cursor.execute(ASK)
        (value,) = cursor.fetchone()
    return str(value)


@pytest.mark.parametrize("locked", [False, True])
def test_a_claim_does_not_wait_and_what_follows_does(locked: bool) -> None:
    (found,) = by_index((ASK, []), locked=locked)

    assert found == [("off",)]
    assert asked() == "on"


def test_a_claim_in_somebody_elses_transaction_leaves_its_commit_as_it_is() -> None:
    with transaction.atomic():
        by_index((ASK, []), locked=True)

        assert asked() == "on"
