"""A person's earlier calls are found along an index, though the plan was made while the table was empty.

Statistics of a new installation are a minute old; each call of that minute once read all calls before it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from calls.ingestion.single import create_or_update_call, update_call
from calls.models import Call, Tracker
from subscriptions.models import Company
from tests.support.factories import make_company, make_tracker

pytestmark = pytest.mark.django_db  # one transaction: its own counts of rows can be read

MANY = 3000
# After so many runs PostgreSQL keeps a plan for any values.
PLANNED_AFTER = 8


@pytest.fixture
def company() -> Company:
    return make_company()


def rows_read(table: str) -> int:
    """Rows of the table that this transaction has read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read + sum(pg_stat_get_xact_tuples_returned(i.indexrelid))::bigint"
            "  FROM pg_stat_xact_user_tables t JOIN pg_index i ON i.indrelid = t.relid"
            " WHERE t.relname = %s GROUP BY seq_tup_read",
            [table],
        )
        return int(cursor.fetchone()[0])


def forget_statistics(table: str) -> None:
    """As of a new table."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relname = %s", [table])
        cursor.execute("DISCARD PLANS")


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


def test_a_call_and_its_change_do_not_read_the_calls_of_others(company):
    tracker = make_tracker(company)
    forget_statistics("calls_call")
    for _ in range(PLANNED_AFTER):
        ring(company, tracker)
    start = timezone.now() - timedelta(days=1)
    Call.objects.bulk_create(
        Call(company=company, tracker=tracker, direction="inbound", start_time=start) for _ in range(MANY)
    )
    before = rows_read("calls_call")
    ring(company, tracker)
    assert rows_read("calls_call") - before < MANY // 10
