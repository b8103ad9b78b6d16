"""A wake-up goes along with the commit, in a transaction of its own: none without the commit, a commit without it."""

from __future__ import annotations

import logging
import select
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction

from subscriptions.database.backend import base
from subscriptions.delivery import wakeup
from subscriptions.delivery.slots import SlotConnection
from subscriptions.models import ApiKey
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
    commit_beside = base.commit_beside

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
