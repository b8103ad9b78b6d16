"""Where few deliveries are available and all can be sent at once, one short claim takes them; else it takes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from subscriptions.database.bound_cursor import number_placeholders
from subscriptions.delivery import outbox
from subscriptions.delivery.outbox import claiming_few
from subscriptions.delivery.outbox.claiming import STUCK_SECONDS
from subscriptions.delivery.outbox.claiming_few import MOST, MOST_OF_COMPANY, UNDER_WAY_TRUSTED
from subscriptions.delivery.outbox.cursors import BY_INDEX, CLAIM_LOCK
from subscriptions.models import Company, Delivery, EndpointHealth, Subscription
from tests.integration.test_housekeeping_reads_indexes import ENDPOINTS
from tests.support.claims import LEASE, claim, end_leases
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def claim_few(*companies: Company) -> outbox.FewClaimed | None:
    """For these, or for all there are."""
    numbers = [company.pk for company in companies or Company.objects.all()]
    return outbox.claim_few(token=uuid4(), lease=LEASE, companies=numbers)


@pytest.fixture
def company() -> Company:
    company = make_company()
    make_subscription(company, events=["pre_call"], url="https://crm.example.com/hooks")
    return company


def health(**values: Any) -> None:
    EndpointHealth.objects.create(
        subscription=Subscription.objects.first(), window_began=timezone.now(), last_failure="", **values
    )


def test_all_that_is_available_is_claimed(company):
    make_subscription(company, events=["pre_call"])
    other = make_company()
    make_subscription(other, events=["pre_call"])
    make_call(company)
    make_call(other)
    found = claim_few()
    assert len(found.rows) == 3
    assert not found.more
    assert {job.attempt for job in found.rows} == {1}
    assert {job.company for job in found.rows} == {company.pk, other.pk}
    assert "crm.example.com" in {job.host for job in found.rows}
    assert set(Delivery.objects.values_list("attempts", "stage", "claim")) == {(1, 0, found.rows[0].token)}
    assert claim_few() == outbox.FewClaimed([], False)
    assert claim() == []


def test_it_brings_what_the_other_claim_brings(company):
    make_call(company)
    (few,) = claim_few().rows
    outbox.hand_back([few])
    (full,) = claim()
    for name in few.__dataclass_fields__:
        if name not in ("token", "age", "database_time"):
            assert getattr(few, name) == getattr(full, name), name


def test_an_endpoint_that_answered_well_lately_is_trusted(company):
    health(last_success_at=timezone.now())
    make_call(company)
    assert [job.trust for job in claim_few().rows] == [2]


def fail(company: Company) -> None:
    health(failing_since=timezone.now())


def break_open(company: Company) -> None:
    health(open_until=timezone.now() + timedelta(minutes=1), opened=1)


def half_open(company: Company) -> None:
    health(opened=1)


def in_order(company: Company) -> None:
    Subscription.objects.update(ordered=True)


def at_a_rate(company: Company) -> None:
    Subscription.objects.update(rate_per_minute=60)


def third_row(company: Company) -> None:
    make_call(company)
    make_call(company)


def third_with_one_under_way(company: Company) -> None:
    claim()
    make_call(company)
    make_call(company)


def one_more_of_a_trusted_endpoint(company: Company) -> None:
    health(last_success_at=timezone.now())
    for _ in range(UNDER_WAY_TRUSTED):
        make_call(company)


def one_more_under_way_of_a_trusted_endpoint(company: Company) -> None:
    one_more_of_a_trusted_endpoint(company)
    assert len(claim(limit=UNDER_WAY_TRUSTED)) == UNDER_WAY_TRUSTED


def a_stuck_one_of_a_trusted_endpoint(company: Company) -> None:
    health(last_success_at=timezone.now())
    stuck(company)


def succeeded_long_ago(company: Company) -> None:
    health(last_success_at=timezone.now() - timedelta(minutes=11))
    third_row(company)


def two_of_a_batch(company: Company) -> None:
    Subscription.objects.update(batch_events=10, batch_seconds=0)
    make_call(company)
    Delivery.objects.update(stage=1, due_at=timezone.now())


def two_under_way(company: Company) -> None:
    make_call(company)
    assert len(claim()) == 2
    make_call(company)


def stuck(company: Company) -> None:
    claim()
    Delivery.objects.update(due_at=F("due_at") - timedelta(seconds=STUCK_SECONDS))
    make_call(company)


def one_at_a_time(company: Company) -> None:
    """Several events go in one request, and one request at a time."""
    Subscription.objects.update(batch_events=10, batch_seconds=0)
    claim()
    make_call(company)
    Delivery.objects.filter(claim=None).update(stage=1, due_at=timezone.now())


def lost(company: Company) -> None:
    claim()
    end_leases()


def too_many(company: Company) -> None:
    for _ in range(MOST_OF_COMPANY):
        make_subscription(company, events=["pre_call"])
    make_call(company)


@pytest.mark.parametrize(
    "unless",
    [
        fail,
        break_open,
        half_open,
        in_order,
        at_a_rate,
        third_row,
        third_with_one_under_way,
        one_more_of_a_trusted_endpoint,
        one_more_under_way_of_a_trusted_endpoint,
        a_stuck_one_of_a_trusted_endpoint,
        succeeded_long_ago,
        two_of_a_batch,
        two_under_way,
        stuck,
        one_at_a_time,
        lost,
        too_many,
    ],
    ids=lambda case: case.__name__,
)
def test_nothing_is_claimed_where_something_is_to_be_weighed(company, unless: Callable[[Company], None]):
    make_call(company)
    unless(company)
    before = list(Delivery.objects.order_by("pk").values_list("pk", "attempts", "claim", "stage"))
    assert claim_few() is None
    assert list(Delivery.objects.order_by("pk").values_list("pk", "attempts", "claim", "stage")) == before


def test_an_endpoint_gets_two_at_once(company):
    make_call(company)
    make_call(company)
    assert len(claim_few().rows) == 2


def test_a_trusted_endpoint_gets_the_events_of_a_whole_call_and_a_change(company):
    health(last_success_at=timezone.now())
    make_call(company)
    assert len(claim_few().rows) == 1
    for _ in range(UNDER_WAY_TRUSTED - 1):
        make_call(company)
    assert len(claim_few().rows) == UNDER_WAY_TRUSTED - 1
    make_call(company)
    assert claim_few() is None


def test_a_company_gets_as_many_as_it_may(company):
    for _ in range(MOST_OF_COMPANY - 1):
        make_subscription(company, events=["pre_call"])
    make_call(company)
    assert len(claim_few().rows) == MOST_OF_COMPANY


def test_several_companies_together_get_no_more_than_one_claim_brings(company):
    companies = [company, make_company(), make_company()]
    for each in companies:
        for _ in range(MOST // len(companies) + 1 - (each is company)):
            make_subscription(each, events=["pre_call"])
        make_call(each)
    assert MOST < Delivery.objects.count() <= MOST_OF_COMPANY * len(companies)
    assert claim_few() is None
    assert len(claim_few(*companies[:2]).rows) < MOST


def test_a_slow_endpoint_gets_one_at_a_time(company):
    """Others would come back: it may have no second request under way."""
    health(last_success_at=timezone.now())
    slow = [Subscription.objects.get().pk]
    make_call(company)
    (first,) = outbox.claim_few(token=uuid4(), lease=LEASE, companies=[company.pk], slow=slow).rows
    outbox.hand_back([first])
    make_call(company)
    assert outbox.claim_few(token=uuid4(), lease=LEASE, companies=[company.pk], slow=slow) is None
    assert len(claim_few().rows) == 2


def test_one_request_under_way_keeps_nothing_back(company):
    make_call(company)
    claim()
    make_call(company)
    assert len(claim_few().rows) == 1


def test_other_companies_are_left_alone_and_do_not_matter(company):
    """However much they have: it is not looked at."""
    other = make_company()
    for _ in range(MOST + 1):
        make_subscription(other, events=["pre_call"])
    make_call(other)
    make_call(company)
    assert [job.company for job in claim_few(company).rows] == [company.pk]
    assert claim_few(other) is None


def test_it_waits_for_no_other_claim(company):
    make_call(company)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
        (found,) = at_once([claim_few])
    assert len(found.rows) == 1


def test_a_row_that_the_other_claim_takes_at_the_same_moment_is_taken_once(company):
    make_call(company)
    taken = at_once([claim_few, claim])
    few = taken[0].rows if taken[0] else []
    assert len(few) + len(taken[1]) == 1
    assert Delivery.objects.get().attempts == 1


def test_a_row_that_somebody_else_holds_is_left_and_told(company):
    make_call(company)

    def hold_and_claim() -> outbox.FewClaimed | None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM subscriptions_delivery FOR UPDATE")
            (found,) = at_once([claim_few])
        return found

    assert hold_and_claim() == outbox.FewClaimed([], True)
    assert len(claim_few().rows) == 1


MANY = """
INSERT INTO subscriptions_delivery
       (company_id, event_id, subscription_id, payload_version, encoding, state, stage, reason, due_at, created_at)
SELECT d.company_id, event_id, s.id, d.payload_version, d.encoding, 'pending', 1, '', now(), now()
  FROM subscriptions_delivery d, subscriptions_subscription s WHERE s.id <> d.subscription_id
"""


def test_it_reads_through_no_table_however_many_endpoints_wait(company):
    """The plan is made while all of them are available, and serves when they are put off."""
    make_call(company)
    statement, names = number_placeholders(claiming_few._CLAIM_FEW)
    values = {
        "token": f"'{uuid4()}'", "lease": "60", "companies": f"'{{{company.pk}}}'", "slow": "'{}'", "unawaited": "true",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(ENDPOINTS, [Subscription.objects.get().pk])
        cursor.execute(MANY)
        cursor.execute("ANALYZE")
        cursor.execute(f"SELECT {BY_INDEX}".replace(", true)", ", false)"))
        try:
            cursor.execute(f"PREPARE few AS {statement.decode()}")
            cursor.execute(f"EXPLAIN EXECUTE few ({', '.join(values[name] for name in names)})")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        finally:
            cursor.execute("DEALLOCATE ALL; RESET ALL")
    for table in ("subscription", "endpointhealth", "event", "company"):
        scans = re.findall(rf"Scan[^\n]* on subscriptions_{table} [^\n]*\n *(\w+ \w+)", plan)
        assert scans, plan
        assert set(scans) == {"Index Cond"}, plan
