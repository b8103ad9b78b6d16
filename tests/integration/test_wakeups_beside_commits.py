"""A wake-up goes along with the commit, in a transaction of its own: none without the commit, a commit without it."""

from __future__ import annotations

import logging
import select
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.db import IntegrityError, InternalError, OperationalError, connection, transaction
from psycopg import DataError

from subscriptions.database.backend import base
from subscriptions.database.backend.commit import commit_beside
from subscriptions.database.beside_commit import BesideCommit
from subscriptions.delivery import wakeup
from subscriptions.delivery.slots import SlotConnection
from subscriptions.models import ApiKey, Company
from tests.support.connections import cut_our_connection
from tests.support.drains import slot_connection
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)
NO_SUCH_ROW = 2**40


@pytest.fixture
def slot() -> Iterator[SlotConnection]:
    with slot_connection(slots=1) as made:
        yield made


@pytest.fixture
def round_trips(monkeypatch) -> list[int]:
    """The wake-ups that went along with a commit."""
    sent: list[int] = []

    def count(raw, waiting):
        commit_beside(raw, waiting)
        sent.append(sum(hook.is_sent for hook in waiting))

    monkeypatch.setattr(base, "commit_beside", count)
    return sent


@pytest.fixture(autouse=True)
def one_drain(settings) -> None:
    settings.DELIVERY_DRAINS = 1


@pytest.mark.parametrize("prepared", [True, False])
def test_a_commit_takes_the_wake_up_along(slot, round_trips, settings, prepared):
    settings.DATABASE_PREPARED_STATEMENTS = prepared
    company = make_company()
    make_subscription(company)
    make_call(company)
    assert round_trips == [1]
    select.select(list(slot.descriptors()), [], [], PATIENCE)
    assert slot.news().companies == {company.pk}


def test_a_commit_that_fails_wakes_nobody_and_says_so(slot, round_trips):
    @transaction.atomic
    def make_a_key_of_no_company() -> None:
        ApiKey.objects.create(company_id=NO_SUCH_ROW, name="Phone system", prefix="chk_", hashed="0" * 64)
        wakeup.after_commit({NO_SUCH_ROW})

    with pytest.raises(IntegrityError):  # foreign keys are checked at the commit
        make_a_key_of_no_company()
    assert not round_trips
    assert not slot.news()
    assert not ApiKey.objects.exists()
    assert not connection.in_atomic_block


def test_a_wake_up_that_fails_is_tried_alone_and_undoes_nothing(slot, round_trips, monkeypatch, caplog):
    monkeypatch.setattr(wakeup, "_NOTIFY_WITHOUT_WAIT", "SELECT pg_notify(%s::text, repeat(%s::text, 9000))")
    with caplog.at_level(logging.WARNING), transaction.atomic():
        company = make_company()
        wakeup.after_commit({company.pk})
    company.refresh_from_db()
    assert round_trips == [0]
    assert "did not get through" in caplog.text


def test_a_rolled_back_savepoint_takes_its_wake_up_with_it(slot, round_trips):
    with transaction.atomic():
        company = make_company()
        with transaction.atomic():
            wakeup.after_commit({company.pk})
            transaction.set_rollback(True)
    assert not round_trips
    assert not slot.news()


def test_a_wake_up_of_a_transaction_without_a_statement(slot, round_trips):
    """There is nothing to commit, of which PostgreSQL would warn in its log."""
    company = make_company()
    warnings: list[str | None] = []
    connection.connection.add_notice_handler(lambda notice: warnings.append(notice.message_primary))
    with transaction.atomic():
        wakeup.after_commit({company.pk})
    assert not warnings
    assert not round_trips
    select.select(list(slot.descriptors()), [], [], PATIENCE)
    assert slot.news().companies == {company.pk}
    connection.close()  # with its handler


@pytest.mark.usefixtures("round_trips")
def test_a_connection_that_ends_behind_the_commit_is_no_error():
    """The data is there. Hooks have a connection again, and the wake-up is not taken for sent."""
    seen: list[object] = []
    connection.close()
    with transaction.atomic():
        company = make_company()
        transaction.on_commit(_End(seen))
        transaction.on_commit(lambda: seen.append(Company.objects.get(pk=company.pk)))
    assert seen == [False, company]
    assert connection.get_autocommit()
    with transaction.atomic():
        make_company()
    assert Company.objects.count() == 2


class _End(BesideCommit):
    def __init__(self, seen: list[object]) -> None:
        self.seen = seen

    def statement(self) -> tuple[str, list[str]]:
        return "SELECT pg_terminate_backend(pg_backend_pid(), 5000)", []

    def __call__(self) -> None:
        self.seen.append(self.is_sent)


def test_what_is_rolled_back_at_the_commit_is_an_error(round_trips):
    """A statement had failed, and somebody had taken that for harmless: PostgreSQL answers the COMMIT by a ROLLBACK."""

    @transaction.atomic
    def make_a_company() -> None:
        company = make_company()
        with suppress(DataError):
            connection.connection.execute("SELECT 1 / 0")
        wakeup.after_commit({company.pk})

    with pytest.raises(InternalError, match="Nothing was committed"):
        make_a_company()
    assert not round_trips
    assert not Company.objects.exists()


def test_two_drains_are_woken_by_one_commit(round_trips, settings):
    settings.DELIVERY_DRAINS = 2
    with transaction.atomic():
        company = make_company()
        wakeup.after_commit({company.pk, company.pk + 1})
    assert round_trips == [2]


class _Setting(BesideCommit):
    def __init__(self, value: str) -> None:
        self.value = value

    def statement(self) -> tuple[str, list[str]]:
        return "SELECT set_config('callhooks.test', %s, false)", [self.value]

    def __call__(self) -> None:
        assert self.is_sent


@pytest.mark.parametrize("value", ["it's", "a \\ b", "100%s", '"; SELECT 1', "Zoë 1"])
def test_texts_go_along_as_they_are(value: str):
    with transaction.atomic():
        make_company()
        transaction.on_commit(_Setting(value))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('callhooks.test')")
        assert cursor.fetchone() == (value,)


def test_a_connection_that_ends_at_the_commit_is_an_error(slot, round_trips):
    """Nobody knows whether it was committed: the caller must not take it for done."""

    @transaction.atomic
    def make_a_company() -> None:
        wakeup.after_commit({make_company().pk})
        cut_our_connection()

    with pytest.raises(OperationalError):
        make_a_company()
    connection.close()
    assert not round_trips
    assert not slot.news()
    assert not Company.objects.exists()
