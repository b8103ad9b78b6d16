"""Counts calls by the month, for what no table by the day can tell: groups by source, or one tracking number, with
another filter. A month is counted when it is over. When one of its calls changes, its calls are asked until it is
counted anew: that reads all of them, so it happens every WAIT at most."""

from __future__ import annotations

from typing import Any

from . import day_tables
from .counted_columns import COLUMNS

WAIT = "10 minutes"
TABLES = ("vendor_api_callmonth", "vendor_api_callmonthstate")

# Follows `given`, companies and their days that are counted. A month is over in all time zones a day after its end in
# that of UTC.
CHANGED = f"""
INSERT INTO vendor_api_callmonthstate AS s (company_id, month, counted, due_at)
SELECT DISTINCT g.company_id, date_trunc('month', g.day::timestamp)::date, false,
       greatest(now(), (date_trunc('month', g.day::timestamp) + interval '1 month 1 day') AT TIME ZONE 'UTC')
  FROM given g
    ON CONFLICT (company_id, month) DO UPDATE SET counted = false, due_at = now() + interval '{WAIT}' WHERE s.counted
"""
_NEXT = """
SELECT company_id, month FROM vendor_api_callmonthstate
 WHERE NOT counted AND due_at <= now() ORDER BY due_at LIMIT 1
"""
_CLEAR = "DELETE FROM vendor_api_callmonth WHERE company_id = %(company)s AND month = %(month)s"
_CALLS = day_tables.rows_between(
    "calls_call", "start_time", "o.id", "%(month)s::timestamp AT TIME ZONE o.time_zone",
    "(%(month)s::timestamp + interval '1 month') AT TIME ZONE o.time_zone", "NOT spam",
)  # fmt: skip
_COUNT = f"""
INSERT INTO vendor_api_callmonth
       (company_id, month, tracker_id, source, direction, answered, voicemail, device, lead_status, calls, seconds)
SELECT %(company)s, %(month)s, tracker_id, source, direction, answered, voicemail, device, lead_status, count(*),
       sum(seconds)
  FROM (SELECT {COLUMNS}
          FROM subscriptions_company o
         CROSS JOIN LATERAL {_CALLS} c
         WHERE o.id = %(company)s) AS one
 GROUP BY tracker_id, source, direction, answered, voicemail, device, lead_status
"""
_COUNTED = """
UPDATE vendor_api_callmonthstate SET counted = true WHERE company_id = %(company)s AND month = %(month)s
"""


def count_next(cursor: Any) -> bool:
    """Counts the month that has waited longest. False when none is due."""
    cursor.execute(_NEXT)
    row = cursor.fetchone()
    if row is None:
        return False
    given = {"company": row[0], "month": row[1]}
    for statement in (_CLEAR, _COUNT, _COUNTED):
        cursor.execute(statement, given)
    return True
