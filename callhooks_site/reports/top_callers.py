"""Who called most. People are too many to be counted by the day: this looks at a bounded number of calls, along the
index that lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from calls.admin.names import names_of
from calls.models import Person
from subscriptions.replica.reading import read_connection

from .figures import Scope
from .period import Period

MOST_CALLS = 60_000  # looked at, the newest; some 50 ms
SHOWN = 10

# Few people have several numbers, so these are put together after the most frequent ones are known.
_MOST = f"""
WITH looked AS (
    SELECT person_id, tracker_id, source, direction, start_time FROM calls_call
     WHERE company_id = %(company)s AND NOT spam AND start_time >= %(start)s AND start_time < %(end)s
     ORDER BY start_time DESC, id DESC LIMIT {MOST_CALLS}
), most AS (
    SELECT l.person_id, count(*) AS calls, max(l.start_time) AS latest
      FROM looked l LEFT JOIN calls_tracker t ON %(sources)s::text[] IS NOT NULL AND t.id = l.tracker_id
     WHERE l.direction = 'inbound' AND l.person_id IS NOT NULL
       AND (%(number)s::bigint IS NULL OR l.tracker_id = %(number)s)
       AND (%(sources)s::text[] IS NULL OR coalesce(nullif(l.source, ''), t.source, '') = ANY (%(sources)s))
     GROUP BY l.person_id ORDER BY 2 DESC, 3 DESC LIMIT 50 * {SHOWN}
)
SELECT coalesce(p.merged_into_id, p.id), sum(m.calls)::bigint, max(m.latest), (SELECT count(*) FROM looked)
  FROM most m JOIN calls_person p ON p.id = m.person_id
 GROUP BY 1 ORDER BY 2 DESC, 3 DESC LIMIT {SHOWN}
"""


@dataclass(frozen=True)
class Caller:
    """`name`: the person's, or the one that came with a call; may be empty."""

    person: Person
    name: str
    calls: int
    latest: datetime


@dataclass(frozen=True)
class TopCallers:
    """`whole`: whether all calls of the period were looked at."""

    callers: list[Caller]
    whole: bool = True


def find_top_callers(scope: Scope, period: Period, zone: ZoneInfo) -> TopCallers:
    start = datetime(period.since.year, period.since.month, period.since.day, tzinfo=zone)
    after = period.until + timedelta(days=1)
    given: dict[str, Any] = {
        "company": scope.company,
        "start": start,
        "end": datetime(after.year, after.month, after.day, tzinfo=zone),
        "number": scope.number,
        "sources": None if scope.sources is None else list(scope.sources),
    }
    with read_connection().cursor() as cursor:
        cursor.execute(_MOST, given)
        rows = cursor.fetchall()
    keys = [pk for pk, *_ in rows]
    people, named = Person.objects.in_bulk(keys), names_of(keys)
    callers = [
        Caller(people[pk], people[pk].name or named.get(pk, ""), calls, latest)
        for pk, calls, latest, _ in rows
        if pk in people
    ]
    return TopCallers(callers, not rows or rows[0][3] < MOST_CALLS)
