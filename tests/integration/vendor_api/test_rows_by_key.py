"""What no index can tell is asked of the calls of the range alone, however many calls of others the table has."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from callhooks_site.vendor_api.bounds import bounded
from calls.models import Call
from tests.support.factories import make_call, make_company, make_tracker

pytestmark = pytest.mark.django_db
CALLS = 120


def estimate(rows) -> float:
    """How many calls the planner takes `rows` for."""
    (plan,) = json.loads(rows.order_by().values("pk", "campaign").explain(format="json"))
    return plan["Plan"]["Plan Rows"]


def test_the_planner_takes_them_for_few():
    """A thousand times as many, and it would read the whole table."""
    company = make_company()
    call = make_call(company, make_tracker(company))
    with connection.cursor() as cursor:
        columns = [field.column for field in Call._meta.concrete_fields if field.name not in ("id", "resource_id")]
        names = ", ".join(columns)
        cursor.execute(
            f"INSERT INTO calls_call (resource_id, {names}) SELECT 'CAL' || n, {names}"
            " FROM calls_call, generate_series(2, %s) n WHERE id = %s",
            [CALLS, call.pk],
        )
        cursor.execute("ANALYZE calls_call")
    in_range = Call.objects.filter(company=company, start_time__gt=timezone.now() - timedelta(days=1)).order_by()
    rows = in_range.filter(direction="inbound")
    assert estimate(rows) > CALLS / 2
    assert estimate(bounded(in_range, rows, "This", "calls")) <= 10
    assert bounded(in_range, rows, "This", "calls").count() == CALLS
