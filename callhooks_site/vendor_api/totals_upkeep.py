"""Counts calls by the day, in the background: days with a mark anew, and once all calls that were there before. Other
apps have tables counted with them (`day_tables`).

Invariants
- A mark is written by the transaction that changes calls, and names an hour. It is taken away by one that counted the
  days of its hour after it had read it: what commits in between leaves a mark of its own.
- So a day without a mark is counted right, once its company is complete in its time zone. A month is, if its state says
  so and none of its days has a mark: who counts its days says that it has changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection, transaction

from . import day_tables, month_upkeep
from .counted_columns import COLUMNS

BATCH = 2_000  # marks in one transaction
STEP = 30  # days of calls that were there before
_ONE_AT_A_TIME = 0x63616C6C746F74  # an advisory lock

# `given`: companies, their days and time zones. Nothing else is joined with what is looked up for each of them: with
# statistics from when the tables were empty it would be looked up before the join, for each company with each other.
_CLEAR = "DELETE FROM {table} t USING given g WHERE t.company_id = g.company_id AND t.day = g.day"
_SOURCES = "vendor_api_calldaybysource"
_COUNT = f"""
, counted AS MATERIALIZED (
    SELECT c.company_id, g.day, {COLUMNS}
      FROM given g
     CROSS JOIN LATERAL {day_tables.rows_of_day("calls_call", "start_time", "NOT spam")} c
), by_source AS (
    INSERT INTO {_SOURCES} (company_id, day, tracker_id, source, calls, answered, seconds, good_leads)
    SELECT company_id, day, tracker_id, source, count(*), count(*) FILTER (WHERE answered AND NOT voicemail),
           sum(seconds), count(*) FILTER (WHERE lead_status = 'good_lead')
      FROM counted GROUP BY company_id, day, tracker_id, source
)
INSERT INTO vendor_api_callday
       (company_id, day, direction, answered, voicemail, device, lead_status, calls, seconds)
SELECT company_id, day, direction, answered, voicemail, device, lead_status, count(*), sum(seconds)
  FROM counted GROUP BY company_id, day, direction, answered, voicemail, device, lead_status
"""
# The days of an hour: two where the zone's midnight is within it.
_OF_MARKS = """
WITH given AS MATERIALIZED (
    SELECT DISTINCT m.company_id, d.day, o.time_zone
      FROM vendor_api_calltotalmark m
     CROSS JOIN LATERAL (SELECT time_zone FROM subscriptions_company WHERE id = m.company_id OFFSET 0) o
     CROSS JOIN LATERAL (VALUES ((m.hour AT TIME ZONE o.time_zone)::date),
                                (((m.hour + interval '3599.999999 seconds') AT TIME ZONE o.time_zone)::date)) AS d (day)
     WHERE m.id = ANY (%(marks)s)
)
"""
_OF_RANGE = """
WITH given AS MATERIALIZED (
    SELECT id AS company_id, generate_series(0, %(days)s - 1) + %(day)s::date AS day, time_zone
      FROM subscriptions_company WHERE id = %(company)s
)
"""
_NEWEST_MARK = "SELECT coalesce(max(id), 0) FROM vendor_api_calltotalmark"
_MARKS = "SELECT id FROM vendor_api_calltotalmark WHERE id <= %s ORDER BY id LIMIT %s"
# A company that has something on one day only, which is counted now, is complete: all new ones are.
_NEW_STATES = (
    _OF_MARKS
    + """
INSERT INTO vendor_api_calltotalstate (company_id, complete, time_zone)
SELECT c.id, coalesce(ends.first = ends.last AND EXISTS (
                      SELECT FROM given g WHERE g.company_id = c.id AND g.day = ends.first), true), c.time_zone
  FROM subscriptions_company c
 CROSS JOIN LATERAL (
       SELECT (min(one.at) AT TIME ZONE c.time_zone)::date AS first,
              (max(one.at) AT TIME ZONE c.time_zone)::date AS last
         FROM (VALUES {ends}) AS one (at)
       ) AS ends
 WHERE c.id = ANY (ARRAY(SELECT company_id FROM given))
   AND NOT EXISTS (SELECT FROM vendor_api_calltotalstate s WHERE s.company_id = c.id)
    ON CONFLICT DO NOTHING
"""
)
# A company that has another time zone now is counted anew.
_MOVED = """
UPDATE vendor_api_calltotalstate s SET complete = false, reached = NULL, time_zone = c.time_zone
  FROM subscriptions_company c WHERE c.id = s.company_id AND s.time_zone <> c.time_zone
RETURNING s.company_id
"""
_NEXT_STEP = """
SELECT c.id, first.day, (first.day + %s)::timestamp AT TIME ZONE c.time_zone
  FROM (SELECT company_id AS id, time_zone, coalesce(reached, '-infinity') AS reached FROM vendor_api_calltotalstate
         WHERE NOT complete ORDER BY company_id LIMIT 1) c
 CROSS JOIN LATERAL (
       SELECT (min(one.at) AT TIME ZONE c.time_zone)::date AS day FROM (VALUES {firsts}) AS one (at)
       ) AS first
"""
_CALLS = day_tables.Items("calls_call", "start_time", "NOT x.spam")
_REACHED = "UPDATE vendor_api_calltotalstate SET reached = %s WHERE company_id = %s"
_COMPLETE = "UPDATE vendor_api_calltotalstate SET complete = true WHERE company_id = %s"


def keep_up(*, seconds: float, stopping: Callable[[], bool] = lambda: False) -> None:
    """Works until everything is counted that was marked when it began, or the time is over. What is marked meanwhile
    is left to the next run: where calls come one after the other it would otherwise count the same days again and
    again, without a pause."""
    ends_at = time.monotonic() + seconds
    follow_time_zones()
    newest = newest_mark()
    while time.monotonic() < ends_at and not stopping():
        if not count_marked(newest) and not count_earlier() and not count_month():
            return


def follow_time_zones() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if not _alone(cursor):
            return
        cursor.execute(_MOVED)
        moved = [company for (company,) in cursor.fetchall()]
        if moved:
            for table in (*_table_names(), *month_upkeep.TABLES):
                cursor.execute(f"DELETE FROM {table} WHERE company_id = ANY (%s)", [moved])


def newest_mark() -> int:
    """0 where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_MARK)
        return int(cursor.fetchone()[0])


def count_marked(newest: int) -> bool:
    """Counts the days of some marks, up to this one. False when there are none, or somebody else is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not _alone(cursor):
            return False
        cursor.execute(_MARKS, [newest, BATCH])
        marks = [mark for (mark,) in cursor.fetchall()]
        if not marks:
            return False
        ends = [end for items in _items() for end in (items.first(since="'-infinity'"), items.last())]
        cursor.execute(_NEW_STATES.format(ends=_values(ends)), {"marks": marks})
        _count(cursor, _OF_MARKS, {"marks": marks})
        cursor.execute("DELETE FROM vendor_api_calltotalmark WHERE id = ANY (%s)", [marks])
        return True


def count_earlier() -> bool:
    """Counts a month of a company whose calls were there before. False when there is none left."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not _alone(cursor):
            return False
        firsts = [items.first(since="c.reached") for items in _items()]
        cursor.execute(_NEXT_STEP.format(firsts=_values(firsts)), [STEP])
        row = cursor.fetchone()
        if row is None:
            return False
        company, day, reached = row
        if day is None:
            cursor.execute(_COMPLETE, [company])
            return True
        _count(cursor, _OF_RANGE, {"company": company, "day": day, "days": STEP})
        cursor.execute(_REACHED, [reached, company])
        return True


def count_month() -> bool:
    """Counts a month that is due. False when none is."""
    with transaction.atomic(), connection.cursor() as cursor:
        return _alone(cursor) and month_upkeep.count_next(cursor)


def _count(cursor: object, given: str, values: dict[str, object]) -> None:
    for table in _table_names():
        cursor.execute(given + _CLEAR.format(table=table), values)  # type: ignore[attr-defined]
    for insert in (_COUNT, *(tables.insert for tables in day_tables.all_tables())):
        cursor.execute(given + insert, values)  # type: ignore[attr-defined]
    cursor.execute(given + month_upkeep.CHANGED, values)  # type: ignore[attr-defined]


def _items() -> list[day_tables.Items]:
    return [_CALLS, *(items for tables in day_tables.all_tables() for items in tables.items)]


def _values(subqueries: list[str]) -> str:
    return ", ".join(f"({subquery})" for subquery in subqueries)


def _table_names() -> list[str]:
    return ["vendor_api_callday", _SOURCES, *(name for tables in day_tables.all_tables() for name in tables.names)]


def _alone(cursor: object) -> bool:
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])  # type: ignore[attr-defined]
    return bool(cursor.fetchone()[0])  # type: ignore[attr-defined]
