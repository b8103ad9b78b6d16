"""A claim whose plan was made when nothing waited reads no more than it must when much waits.

Statistics are old whenever a burst comes: the plan that fits an empty outbox once took four seconds for each claim.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from subscriptions.delivery import outbox
from subscriptions.lib.ids import uuid7
from subscriptions.models import Company, Delivery, EndpointQueue, Event, Subscription
from tests.support.claims import claim
from tests.support.statistics import rows_read, set_statistics

pytestmark = pytest.mark.django_db  # one transaction: its own counts of rows can be read

ENDPOINTS = 100
PARKED = 30  # of each endpoint
TAKEN = 50
DELIVERIES = "subscriptions_delivery"


# Rows and pages of tables, as statistics may say that were taken at some time, or never. With these a claim reached its
# deliveries by way of all events and all subscriptions: 313,000 rows.
OLD_STATISTICS = {
    "company": (-1, 0), "subscription": (0, 50), "delivery": (0, 0), "endpointqueue": (-1, 0),
    "endpointhealth": (100, 5), "event": (0, 50),
}  # fmt: skip


@pytest.mark.parametrize("statistics", [{}, OLD_STATISTICS], ids=["just taken", "old"])
def test_many_endpoints_that_are_ready_again_with_rows_that_were_parked(statistics: dict[str, tuple[int, int]]):
    leave_dead_rows()
    with connection.cursor() as cursor:  # what tests before this one left: their numbers of rows, and plans for them
        cursor.execute("ANALYZE subscriptions_delivery, subscriptions_endpointqueue, subscriptions_subscription")
    set_statistics({f"subscriptions_{table}": counted for table, counted in statistics.items()})
    outbox.forget_plans()
    assert claim(TAKEN) == []  # the plan is made now, and kept
    fill()
    before = rows_read(DELIVERIES)
    taken = claim(TAKEN)
    assert len(taken) == TAKEN
    # Planned for an empty table, some steps may read all 3,100 rows, each once; but none reads them for each endpoint:
    # 150,000 to 300,000.
    assert rows_read(DELIVERIES) - before < 15 * ENDPOINTS * (PARKED + 1)


def leave_dead_rows() -> None:
    """Pages that were written, and of which statistics know nothing."""
    with suppress(RuntimeError), transaction.atomic():
        fill()
        raise RuntimeError


def fill() -> None:
    subscriptions = endpoints()
    events = Event.objects.bulk_create(
        Event(id=uuid7(), company_id=subscriptions[0].company_id, type="pre_call", subject_id=f"CAL{n}", sequence=1,
              body=b"{}", fan_out=ENDPOINTS, created_at=Now())
        for n in range(PARKED + 1)
    )  # fmt: skip
    Delivery.objects.bulk_create(
        Delivery(company_id=one.company_id, event=event, subscription=one, due_at=Now(), stage=2 if number else 1)
        for one in subscriptions
        for number, event in enumerate(events)
    )
    EndpointQueue.objects.bulk_create(EndpointQueue(subscription=one, ready_at=Now()) for one in subscriptions)


def endpoints() -> list[Subscription]:
    companies = Company.objects.bulk_create(Company(name=f"Company {n}") for n in range(ENDPOINTS // 4))
    return Subscription.objects.bulk_create(
        Subscription(company=companies[n % len(companies)], name="CRM", url=f"https://example.com/{n}",
                     events=["pre_call"])
        for n in range(ENDPOINTS)
    )  # fmt: skip
