"""Reads what is counted by the day (`models.py`) for one company: a bounded number of rows, however many calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

from subscriptions.replica.reading import read_connection

from .models import Kind
from .period import Period

MOST_PAIRS = 6_000  # of sources and tracking numbers; the rarest beyond are in the totals only
MOST_CAMPAIGNS = 1_000
NO_SOURCE = "-"  # in addresses

_COLUMNS = "total outbound answered voicemail abandoned first_time good_leads value seconds_to_answer".split()
_SUMS = ", ".join(f"sum(d.{name})::{'numeric' if name == 'value' else 'bigint'}" for name in _COLUMNS)
_SHOWN = "coalesce(nullif(d.source, ''), t.source, '')"
_OF_PERIOD = "d.company_id = %(company)s AND d.day BETWEEN %(since)s AND %(until)s"
_ALL = f"FROM reports_daytotal d WHERE {_OF_PERIOD}"
_SOME = f"""
  FROM reports_sourceday d LEFT JOIN calls_tracker t ON t.id = d.tracker_id
 WHERE {_OF_PERIOD}
   AND (%(number)s::bigint IS NULL OR d.tracker_id = %(number)s)
   AND (%(sources)s::text[] IS NULL OR {_SHOWN} = ANY (%(sources)s))
"""
_BY_DAY = f"SELECT d.day, d.kind, {_SUMS} {{rows}} GROUP BY 1, 2"
_BY_PAIR = f"SELECT {_SHOWN}, d.tracker_id, d.kind, {_SUMS} {_SOME} GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT {MOST_PAIRS}"
# Both put together first: an array that was read from a row is unpacked each time that something is taken from it.
_HOURS = ", ".join(f"sum(one.hours[{hour}])::bigint" for hour in range(1, 49))
_BY_HOUR = f"""
SELECT extract(isodow FROM one.day)::int, {_HOURS}
  FROM (SELECT d.day, d.hours || d.answered_hours AS hours {{rows}} AND d.kind = 'call' OFFSET 0) AS one (day, hours)
 GROUP BY 1
"""
_BY_COMPANY = f"""
SELECT one.id, d.kind, {_SUMS} FROM unnest(%(companies)s::bigint[]) one (id)
 CROSS JOIN LATERAL (SELECT * FROM reports_daytotal
                      WHERE company_id = one.id AND day BETWEEN %(since)s AND %(until)s OFFSET 0) d
 GROUP BY 1, 2
"""
_BY_CAMPAIGN = f"""
SELECT campaign, sum(calls)::bigint, sum(answered)::bigint, sum(good_leads)::bigint, sum(forms)::bigint
  FROM reports_campaignday
 WHERE company_id = %(company)s AND day BETWEEN %(since)s AND %(until)s
   AND (%(sources)s::text[] IS NULL OR source = ANY (%(sources)s))
 GROUP BY 1 ORDER BY 2 DESC, 5 DESC, 1 LIMIT {MOST_CAMPAIGNS}
"""


@dataclass
class Figures:
    """Sums of some days. `calls` are inbound."""

    calls: int = 0
    outbound: int = 0
    answered: int = 0
    voicemail: int = 0
    abandoned: int = 0
    first_time: int = 0
    good_leads: int = 0
    value: Decimal = field(default_factory=Decimal)
    seconds_to_answer: int = 0
    texts: int = 0
    texts_sent: int = 0
    forms: int = 0

    @property
    def missed(self) -> int:
        return self.calls - self.answered - self.voicemail - self.abandoned

    @property
    def answered_part(self) -> float | None:
        return self.answered / self.calls if self.calls else None

    @property
    def whole(self) -> int:
        return self.calls + self.texts + self.forms

    def add(self, other: Figures) -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True)
class Pair:
    """What came in from one source by one tracking number (None: forms have none)."""

    source: str
    tracker: int | None
    figures: Figures


@dataclass(frozen=True)
class Campaign:
    name: str
    calls: int
    answered: int
    good_leads: int
    forms: int


@dataclass(frozen=True)
class Hours:
    """Calls and answered calls by the day of the week (0: Monday) and the hour."""

    calls: list[list[int]]
    answered: list[list[int]]


@dataclass(frozen=True)
class Scope:
    """Whose figures, and which: `sources` as they are stored, None for all."""

    company: int
    number: int | None = None
    sources: Sequence[str] | None = None

    @property
    def rows(self) -> str:
        """The days of it, as a part of a statement."""
        return _ALL if self.number is None and self.sources is None else _SOME


def slug_of(source: str) -> str:
    """One name for the ways in which a source is written: `Google Paid` and `google_paid`."""
    return "_".join(source.lower().split()) or NO_SOURCE


def read_days(scope: Scope, since: date, until: date) -> dict[date, Figures]:
    found: dict[date, Figures] = {}
    for day, kind, *sums in _read(_BY_DAY.format(rows=scope.rows), scope, since, until):
        found.setdefault(day, Figures()).add(_figures(kind, sums))
    return found


def read_companies(companies: Sequence[int], since: date, until: date) -> dict[int, Figures]:
    """The figures of each of these companies, which must be few: each one's days are read."""
    found: dict[int, Figures] = {}
    with read_connection().cursor() as cursor:
        cursor.execute(_BY_COMPANY, {"companies": list(companies), "since": since, "until": until})
        for company, kind, *sums in cursor.fetchall():
            found.setdefault(company, Figures()).add(_figures(kind, sums))
    return found


def read_pairs(scope: Scope, since: date, until: date) -> list[Pair]:
    found: dict[tuple[str, int | None], Figures] = {}
    for source, tracker, kind, *sums in _read(_BY_PAIR, scope, since, until):
        found.setdefault((source, tracker), Figures()).add(_figures(kind, sums))
    return [Pair(source, tracker, figures) for (source, tracker), figures in found.items()]


def read_hours(scope: Scope, since: date, until: date) -> Hours:
    hours = Hours([[0] * 24 for _ in range(7)], [[0] * 24 for _ in range(7)])
    for weekday, *sums in _read(_BY_HOUR.format(rows=scope.rows), scope, since, until):
        hours.calls[weekday - 1], hours.answered[weekday - 1] = list(sums[:24]), list(sums[24:])
    return hours


def read_campaigns(scope: Scope, period: Period) -> list[Campaign]:
    return [Campaign(*row) for row in _read(_BY_CAMPAIGN, scope, period.since, period.until)]


def sum_up(days: Iterable[Figures]) -> Figures:
    whole = Figures()
    for one in days:
        whole.add(one)
    return whole


def _figures(kind: str, sums: Sequence[Any]) -> Figures:
    row = dict(zip(_COLUMNS, sums, strict=True))
    if kind == Kind.TEXT:
        return Figures(texts=row["total"], texts_sent=row["outbound"])
    if kind == Kind.FORM:
        return Figures(forms=row["total"], good_leads=row["good_leads"], value=row["value"])
    return Figures(calls=row.pop("total"), **row)


def _read(query: str, scope: Scope, since: date, until: date) -> list[tuple[Any, ...]]:
    with read_connection().cursor() as cursor:
        given = {
            "company": scope.company,
            "number": scope.number,
            "sources": None if scope.sources is None else list(scope.sources),
            "since": since,
            "until": until,
        }
        cursor.execute(query, given)
        return list(cursor.fetchall())
