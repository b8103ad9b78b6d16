"""Counts calls by the hour, in the background: hours with a mark anew, and once all calls that were there before.

Invariants
- A mark is written by the transaction that changes calls. It is taken away by one that counted its hour after it had
  read it: what commits in between leaves a mark of its own.
- So an hour without a mark is counted right, once its company is complete.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection, transaction

BATCH = 2_000  # marks in one transaction
STEP = "30 days"  # of calls that were there before
_ONE_AT_A_TIME = 0x63616C6C746F74  # an advisory lock

_COUNTED = """
INSERT INTO vendor_api_calltotal
       (company_id, hour, tracker_id, source, direction, answered, voicemail, calls, seconds, good_leads)
SELECT company_id, hour, tracker_id, source, direction, answered_at IS NOT NULL, voicemail, count(*),
       sum(CASE WHEN duration IS NOT NULL THEN duration
                WHEN ended_at IS NOT NULL
                THEN greatest(0, floor(extract(epoch FROM ended_at - coalesce(answered_at, start_time))))::int
                ELSE 0 END),
       count(*) FILTER (WHERE lead_status = 'good_lead')
  FROM (SELECT c.*, date_trunc('hour', c.start_time, 'UTC') AS hour FROM calls_call c {join} WHERE NOT c.spam) AS c
 GROUP BY company_id, hour, tracker_id, source, direction, answered_at IS NOT NULL, voicemail
"""
_GIVEN = """
WITH given AS (
    SELECT * FROM unnest(%(companies)s::bigint[], %(hours)s::timestamptz[]) AS g (company_id, hour)
)
"""
_CLEAR_HOURS = f"""{_GIVEN}
DELETE FROM vendor_api_calltotal t USING given g WHERE t.company_id = g.company_id AND t.hour = g.hour
"""
_COUNT_HOURS = f"{_GIVEN} " + _COUNTED.format(
    join="JOIN given g ON g.company_id = c.company_id AND c.start_time >= g.hour"
    " AND c.start_time < g.hour + interval '1 hour'"
)
_CLEAR_RANGE = (
    "DELETE FROM vendor_api_calltotal WHERE company_id = %(company)s AND hour >= %(start)s AND hour < %(end)s"
)
_COUNT_RANGE = _COUNTED.format(
    join="JOIN (SELECT) AS always"
    " ON c.company_id = %(company)s AND c.start_time >= %(start)s AND c.start_time < %(end)s"
)
_MARKS = "SELECT id, company_id, hour FROM vendor_api_calltotalmark ORDER BY id LIMIT %s"
_NEW_STATES = """
INSERT INTO vendor_api_calltotalstate (company_id, complete)
SELECT DISTINCT company_id, false FROM unnest(%s::bigint[]) AS given (company_id)
  JOIN subscriptions_company c ON c.id = company_id
    ON CONFLICT DO NOTHING
"""
_NEXT_STEP = f"""
SELECT s.company_id, first.hour, first.hour + interval '{STEP}'
  FROM vendor_api_calltotalstate s
  LEFT JOIN LATERAL (
       SELECT date_trunc('hour', c.start_time, 'UTC') AS hour FROM calls_call c
        WHERE c.company_id = s.company_id AND NOT c.spam AND c.start_time >= coalesce(s.reached, '-infinity')
        ORDER BY c.start_time, c.id LIMIT 1
       ) AS first ON true
 WHERE NOT s.complete ORDER BY s.company_id LIMIT 1
"""


def keep_up(*, seconds: float, stopping: Callable[[], bool] = lambda: False) -> None:
    """Works until everything is counted or the time is over."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at and not stopping():
        if not count_marked() and not count_earlier():
            return


def count_marked() -> bool:
    """Counts the hours of some marks. False when there are none, or somebody else is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not _alone(cursor):
            return False
        cursor.execute(_MARKS, [BATCH])
        marks = cursor.fetchall()
        if not marks:
            return False
        hours = sorted({(company, hour) for _, company, hour in marks})
        given = {"companies": [company for company, _ in hours], "hours": [hour for _, hour in hours]}
        cursor.execute(_NEW_STATES, [given["companies"]])
        cursor.execute(_CLEAR_HOURS, given)
        cursor.execute(_COUNT_HOURS, given)
        cursor.execute("DELETE FROM vendor_api_calltotalmark WHERE id = ANY (%s)", [[pk for pk, _, _ in marks]])
        return True


def count_earlier() -> bool:
    """Counts a month of a company whose calls were there before. False when there is none left."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not _alone(cursor):
            return False
        cursor.execute(_NEXT_STEP)
        row = cursor.fetchone()
        if row is None:
            return False
        company, start, end = row
        if start is None:
            cursor.execute("UPDATE vendor_api_calltotalstate SET complete = true WHERE company_id = %s", [company])
            return True
        given = {"company": company, "start": start, "end": end}
        cursor.execute(_CLEAR_RANGE, given)
        cursor.execute(_COUNT_RANGE, given)
        cursor.execute("UPDATE vendor_api_calltotalstate SET reached = %(end)s WHERE company_id = %(company)s", given)
        return True


def _alone(cursor: object) -> bool:
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])  # type: ignore[attr-defined]
    return bool(cursor.fetchone()[0])  # type: ignore[attr-defined]
