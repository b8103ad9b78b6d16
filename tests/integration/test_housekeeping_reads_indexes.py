"""What each drain asks each second costs the same, however many calls and endpoints there are."""

from __future__ import annotations

import pytest
from django.db import connection

from subscriptions.worker import tasks
from tests.support.factories import make_company, make_subscription

pytestmark = pytest.mark.django_db

STREAMS = """
INSERT INTO subscriptions_eventstream
       (subject_id, kind, company_id, last_sequence, fired, watched, watched_before, xact)
SELECT 'CAL' || number, 'call', %s, 1, '{}', '{}', '{}', 1 FROM generate_series(1, 5000) number
"""
ENDPOINTS = """
WITH made AS (
    INSERT INTO subscriptions_subscription
           (resource_id, name, url, events, state, state_reason, secret, previous_secret, updated_at, company_id)
    SELECT 'SUB' || number, 'x', url, events, state, '', '', '', updated_at, company_id
      FROM subscriptions_subscription, generate_series(1, 3000) number WHERE id = %s RETURNING id)
INSERT INTO subscriptions_endpointhealth
       (subscription_id, window_began, window_good, window_bad, opened, last_failure, failing_days)
SELECT id, now(), 0, 0, 0, '', 0 FROM made
"""


def test_no_table_that_grows_is_read_through():
    subscription = make_subscription(make_company())
    with connection.cursor() as cursor:
        cursor.execute(STREAMS, [subscription.company_id])
        cursor.execute(ENDPOINTS, [subscription.pk])
        cursor.execute("ANALYZE subscriptions_eventstream, subscriptions_endpointhealth, subscriptions_subscription")
        cursor.execute(f"EXPLAIN {tasks._HOUSEKEEPING}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    for table in ("eventstream", "endpointhealth", "subscription"):
        assert f"Seq Scan on subscriptions_{table} " not in plan, plan
