"""Calls of a report that are chosen by more than source and number: those with a tag, of first-time callers, not called
back. They are not counted by the day, so this counts the newest of a period, along the index that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from subscriptions.models import Company
from subscriptions.replica.reading import read_connection

from .counting import CALLED_BEFORE, IS_OVER
from .figures import Figures, Hours, Pair, sum_up

MOST_CALLS = 20_000  # looked at, the newest
MOST_FIRST = 5_000  # where each caller's earlier calls are looked up, which is most of the work
FIRST, NOT_CALLED_BACK = "first", "not_called_back"
WHICH = {FIRST: "First-time callers", NOT_CALLED_BACK: "Not called back"}

# One look into `call_spoken_with_person` for each call that nobody answered, as in the activity list.
_NOT_CALLED_BACK = """
(c.voicemail OR c.answered_at IS NULL) AND NOT EXISTS (
    SELECT FROM calls_call e WHERE e.person_id = c.person_id AND e.start_time > c.start_time
       AND (e.direction = 'outbound' OR e.answered_at IS NOT NULL AND NOT e.voicemail) OFFSET 0)
"""
_CONDITIONS = {
    "": "true",
    FIRST: f"c.direction = 'inbound' AND c.person_id IS NOT NULL AND NOT {CALLED_BEFORE}",
    NOT_CALLED_BACK: f"c.direction = 'inbound' AND {_NOT_CALLED_BACK}",
}
_TAGGED = "EXISTS (SELECT FROM calls_call_tags g WHERE g.call_id = c.id AND g.tag_id = %(tag)s)"
_ROWS = f"""
WITH looked AS MATERIALIZED (
    SELECT id, person_id, tracker_id, source, direction, start_time, answered_at, voicemail, abandoned, lead_status
      FROM calls_call
     WHERE company_id = %(company)s AND NOT spam AND {IS_OVER} AND start_time >= %(start)s AND start_time < %(end)s
     ORDER BY start_time DESC, id DESC LIMIT %(most)s + 1
), chosen AS MATERIALIZED (
    SELECT c.id, c.tracker_id, coalesce(nullif(c.source, ''), t.source, '') AS shown,
           c.start_time AT TIME ZONE %(zone)s AS at, c.direction = 'outbound' AS outbound,
           c.answered_at IS NOT NULL AND NOT c.voicemail AS answered, c.voicemail,
           c.abandoned AND c.answered_at IS NULL AND NOT c.voicemail AS abandoned, c.lead_status = 'good_lead' AS good,
           greatest(0, extract(epoch FROM c.answered_at - c.start_time)) AS waited
      FROM looked c JOIN calls_tracker t ON t.id = c.tracker_id
     WHERE {{conditions}}
)
SELECT h.at::date, extract(hour FROM h.at)::int, h.tracker_id, h.shown, count(*) FILTER (WHERE NOT h.outbound),
       count(*) FILTER (WHERE h.outbound), count(*) FILTER (WHERE h.answered AND NOT h.outbound),
       count(*) FILTER (WHERE h.voicemail AND NOT h.outbound), count(*) FILTER (WHERE h.abandoned AND NOT h.outbound),
       count(*) FILTER (WHERE h.good), coalesce(sum(v.value), 0),
       coalesce(sum(h.waited) FILTER (WHERE h.answered AND NOT h.outbound), 0)::bigint, (SELECT count(*) FROM looked)
  FROM chosen h JOIN calls_call v ON v.id = h.id
 GROUP BY 1, 2, 3, 4
"""


@dataclass(frozen=True)
class Selection:
    """`which`: a key of WHICH, or empty."""

    tag: int | None = None
    which: str = ""

    def __bool__(self) -> bool:
        return bool(self.tag or self.which)


@dataclass(frozen=True)
class _Row:
    day: date
    hour: int
    pair: Pair


@dataclass(frozen=True)
class Selected:
    """`whole`: whether all calls of the period were looked at."""

    rows: Sequence[_Row]
    whole: bool

    def pairs(self) -> list[Pair]:
        sums: dict[tuple[str, int | None], Figures] = {}
        for row in self.rows:
            sums.setdefault((row.pair.source, row.pair.tracker), Figures()).add(row.pair.figures)
        return [Pair(source, tracker, figures) for (source, tracker), figures in sums.items()]

    def within(self, pairs: Iterable[Pair]) -> Selected:
        """Of these sources and tracking numbers only."""
        kept = {(pair.source, pair.tracker) for pair in pairs}
        return Selected([row for row in self.rows if (row.pair.source, row.pair.tracker) in kept], self.whole)

    def days(self) -> dict[date, Figures]:
        found: dict[date, Figures] = {}
        for row in self.rows:
            found.setdefault(row.day, Figures()).add(row.pair.figures)
        return found

    def total(self) -> Figures:
        return sum_up(row.pair.figures for row in self.rows)

    def hours(self) -> Hours:
        hours = Hours([[0] * 24 for _ in range(7)], [[0] * 24 for _ in range(7)])
        for row in self.rows:
            hours.calls[row.day.weekday()][row.hour] += row.pair.figures.calls
            hours.answered[row.day.weekday()][row.hour] += row.pair.figures.answered
        return hours


def most_calls(selection: Selection) -> int:
    return MOST_FIRST if selection.which == FIRST else MOST_CALLS


def read_selected(company: Company, selection: Selection, since: date, until: date) -> Selected:
    zone = ZoneInfo(company.time_zone)
    conditions = [_CONDITIONS[selection.which], *([_TAGGED] if selection.tag else [])]
    most = most_calls(selection)
    given = {
        "company": company.pk,
        "most": most,
        "tag": selection.tag,
        "zone": company.time_zone,
        "start": datetime(since.year, since.month, since.day, tzinfo=zone),
        "end": datetime(until.year, until.month, until.day, tzinfo=zone) + timedelta(days=1),
    }
    with read_connection().cursor() as cursor:
        cursor.execute(_ROWS.format(conditions=" AND ".join(conditions)), given)
        found = cursor.fetchall()
    first = selection.which == FIRST
    rows = []
    for day, hour, tracker, source, calls, outbound, answered, voicemail, abandoned, good, value, waited, _ in found:
        figures = Figures(
            calls=calls,
            outbound=outbound,
            answered=answered,
            voicemail=voicemail,
            abandoned=abandoned,
            first_time=calls if first else 0,
            good_leads=good,
            value=value,
            seconds_to_answer=waited,
        )
        rows.append(_Row(day, hour, Pair(source, tracker, figures)))
    return Selected(rows, not found or found[0][-1] <= most)
