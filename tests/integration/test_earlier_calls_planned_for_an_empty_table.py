"""A person's earlier calls are found along an index, though the plan was made while the table was empty.

Statistics of a new installation are a minute old; each call of that minute once read all calls before it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from calls.ingestion.single import create_or_update_call, update_call
from calls.models import Call, Person, Tracker
from subscriptions.models import Company
from tests.support.factories import make_company, make_tracker
from tests.support.statistics import blocks_read, forget_statistics, rows_read, set_statistics

pytestmark = pytest.mark.django_db  # one transaction: its own counts of rows can be read

MANY = 3000
MOST_BLOCKS = 80  # an index from end to end: 17 at least, of this table often twice
# After so many runs PostgreSQL keeps a plan for any values.
PLANNED_AFTER = 8


@pytest.fixture
def company() -> Company:
    return make_company()


def make_many(company: Company, tracker: Tracker, number: int) -> None:
    start = timezone.now() - timedelta(days=1)
    Call.objects.bulk_create(
        Call(company=company, tracker=tracker, direction="inbound", start_time=start) for _ in range(number)
    )


def leave_pages(company: Company, tracker: Tracker) -> None:
    """That were written, and hold nothing."""
    with suppress(RuntimeError), transaction.atomic():
        make_many(company, tracker, MANY // 10)
        raise RuntimeError


def ring(company: Company, tracker: Tracker) -> None:
    call, _ = create_or_update_call(
        company=company,
        data={
            "direction": "inbound",
            "tracking_phone_number": tracker.phone_number,
            "customer_phone_number": "+12145550123",
        },
    )
    update_call(company=company, resource_id=call.resource_id, data={"answered_at": timezone.now()})


def count_calls_of_one_person(company: Company, tracker: Tracker) -> None:
    """As statistics say it of an installation's first minutes, when somebody tries it with their own telephone."""
    person = Person.objects.create(company=company, phone="+12145550199")
    start = timezone.now() - timedelta(days=1)
    Call.objects.bulk_create(
        Call(company=company, tracker=tracker, person=person, direction="inbound", start_time=start)
        for _ in range(MANY // 10)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE calls_call")
    Call.objects.all().delete()


@pytest.mark.parametrize("statistics", [(-1, 0), (0, 1)], ids=["none", "of an empty table"])
def test_where_one_person_made_all_calls_so_far_the_calls_of_others_are_not_read(company, statistics: tuple[int, int]):
    forget_statistics("calls_call", "calls_person", "calls_tracker")
    tracker = make_tracker(company)
    count_calls_of_one_person(company, tracker)
    leave_pages(company, tracker)
    set_statistics({"calls_call": statistics})
    for _ in range(PLANNED_AFTER):
        ring(company, tracker)
    make_many(company, tracker, MANY)
    rows = rows_read("calls_call")
    ring(company, tracker)
    assert rows_read("calls_call") - rows < MANY // 10


@pytest.mark.parametrize("statistics", [(-1, 0), (0, 1)], ids=["none", "of an empty table"])
def test_a_call_and_its_change_do_not_read_the_calls_of_others(company, statistics: tuple[int, int]):
    forget_statistics("calls_call", "calls_person", "calls_tracker")
    tracker = make_tracker(company)
    leave_pages(company, tracker)
    set_statistics({"calls_call": statistics})
    for _ in range(PLANNED_AFTER):
        ring(company, tracker)
    make_many(company, tracker, MANY)
    rows, blocks = rows_read("calls_call"), blocks_read("calls_call")
    ring(company, tracker)
    assert rows_read("calls_call") - rows < MANY // 10
    assert blocks_read("calls_call") - blocks < MOST_BLOCKS
