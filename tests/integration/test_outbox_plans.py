"""On a drain's connections the outbox's statements are planned once, for indexes; what else runs there is planned as
usual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from subscriptions.delivery import outbox
from subscriptions.delivery.outbox.claiming_few import _CLAIM_FEW
from subscriptions.delivery.outbox.cursors import alone_by_index
from subscriptions.models import Company, Delivery
from tests.support.claims import LEASE, claim, delivered, end_leases
from tests.support.drains import make_drain, slot_connection
from tests.support.factories import make_call, make_company, make_subscription

pytestmark = pytest.mark.django_db(transaction=True)


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


@pytest.fixture
def company() -> Company:
    company = make_company()
    make_subscription(company, events=["pre_call"], url="https://crm.example.com/hooks")
    return company


@pytest.fixture
def taking_indexes() -> Iterator[None]:
    connection.close()  # with what tests before this one prepared
    outbox.take_indexes()
    yield
    outbox.plan_as_usual()


def claim_values(company: Company, *, unawaited: bool) -> dict[str, Any]:
    return {"token": uuid4(), "lease": LEASE, "companies": [company.pk], "slow": [], "unawaited": unawaited}


def test_a_short_claim_is_one_statement_that_does_not_wait_for_the_disk(company, taking_indexes):
    make_call(company)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
    row = alone_by_index(_CLAIM_FEW, claim_values(company, unawaited=True))[0]
    assert row[2] == "off"
    assert setting("synchronous_commit") == "on"
    with connection.cursor() as cursor:
        cursor.execute("RESET synchronous_commit")
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT set_config%%'")
        assert cursor.fetchone() == (0,)  # no transaction around it


def test_in_somebody_elses_transaction_it_leaves_the_commit_as_it_is(company, taking_indexes):
    make_call(company)
    with transaction.atomic():
        before = setting("synchronous_commit")
        outbox.claim_few(token=uuid4(), lease=LEASE, companies=[company.pk])
        assert setting("synchronous_commit") == before
    assert Delivery.objects.get().attempts == 1


def test_an_outcome_is_not_planned_anew_for_its_values(company, taking_indexes):
    outbox.forget_plans()
    for _ in range(7):
        make_call(company)
        for job in claim():
            outbox.finish([delivered(job)])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%%WITH outcome AS%%'"
        )
        ((generic, custom),) = cursor.fetchall()
    assert (generic, custom) == (7, 0)


def test_only_the_holder_of_the_claim_writes_its_outcome(company, taking_indexes):
    make_call(company)
    (lost,) = claim()
    end_leases()
    (held,) = claim()
    assert outbox.finish([delivered(lost)]).ids == set()
    assert outbox.finish([delivered(held)]).ids == {held.id}


def test_a_drains_housekeeping_is_planned_as_usual():
    usual = setting("enable_bitmapscan")
    seen = []

    def housekeeping() -> None:
        seen.append(setting("enable_bitmapscan"))

    def should_stop() -> bool:
        seen.append(setting("enable_bitmapscan"))
        return len(seen) > 4

    with slot_connection() as slot:
        make_drain(slot, should_stop=should_stop, housekeeping=housekeeping, budget=15).run()
    assert usual == "on"
    assert seen[1] == "on"  # the first housekeeping
    assert seen[2] == "off"  # what follows it
    assert setting("enable_bitmapscan") == "on"
