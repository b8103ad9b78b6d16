"""A robot that calls all day: what looks at each of its calls does not look at all the later ones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from callhooks_site.activity import filters
from callhooks_site.activity.kinds import CALL
from calls.models import Call
from tests.support import factories

pytestmark = pytest.mark.django_db
CALLS = 300


@pytest.fixture
def company():
    company, now = factories.make_company(), timezone.now()
    first = factories.make_call(company, start_time=now - timedelta(days=2), ended_at=now)
    fields = {field.attname: getattr(first, field.attname) for field in Call._meta.concrete_fields}
    del fields["id"], fields["resource_id"]
    later = (first.start_time + timedelta(seconds=number) for number in range(1, CALLS))
    Call.objects.bulk_create(Call(**{**fields, "start_time": at}) for at in later)
    return company


def rows_looked_at(queryset) -> int:
    """Of calls, by the part of the plan that looks at most."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table of a few rows would be read whole
        statement, given = queryset.query.sql_with_params()
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", given)
        return max(looked(plan["Plan"]) for plan in cursor.fetchone()[0])


def looked(plan) -> int:
    here = 0
    if plan.get("Parent Relationship") == "SubPlan" or plan["Node Type"].endswith("Scan"):
        each = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Join Filter", 0)
        here = int(each * plan["Actual Loops"])
    here = max(here, plan.get("Rows Removed by Join Filter", 0))
    return max([here, *(looked(part) for part in plan.get("Plans", ()))])


def test_whom_to_call_back(company):
    rows = filters.rows_of(CALL, filters.Filters(outcome="to_call_back"), company.pk)
    assert rows.count() == CALLS
    assert rows_looked_at(rows.order_by("-start_time", "-pk")) <= 2 * CALLS
    call = Call.objects.first()
    assert call is not None
    factories.make_call(company, call.tracker, direction="outbound", start_time=timezone.now())
    assert rows.count() == 0
    assert rows_looked_at(rows.order_by("-start_time", "-pk")) <= 2 * CALLS
