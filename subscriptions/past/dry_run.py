"""A dry run: how many of the last days' events a subscription would have got, and which not. Nothing is written.

What it costs has an end: the newest events are judged, a few thousand, and the others counted, some ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from ..lib.errors import ActionRefused
from . import reading
from .judging import Judged, Outcome, Wish, judge, judge_for_sending
from .reading import Asked

DAYS = 7
MOST_JUDGED = 2_000
LOCK = 7_140_021  # of PostgreSQL's advisory locks
SHOWN = 10  # of those that would go, and of the others


@dataclass(frozen=True)
class Counts:
    """Of one event type, or of all. `total`: all of them; `judged`: those that were looked at, the newest."""

    total: int
    at_least: bool  # there are more than `total`
    judged: int
    would_go: int
    filtered_out: int
    not_known: int
    # Of a job that would send them: what the subscription has, what has no body in its version, and none at all.
    already_there: int = 0
    no_body: int = 0
    gone: int = 0


_NAMES = [each.name for each in fields(Counts)]


@dataclass(frozen=True)
class DryRun:
    since: datetime
    until: datetime
    counts: Counts
    types: dict[str, Counts]  # in the order in which they were asked for
    going: list[Judged]  # the newest
    staying: list[Judged]


def run(wish: Wish) -> DryRun:
    """Raises ActionRefused while another one of the company runs."""
    until = timezone.now()
    asked = Asked(wish, until - timedelta(days=DAYS), until)
    with alone(wish.company_id):
        events, complete = reading.newest(asked, MOST_JUDGED)
        return _summarize(asked, judge(wish, events), complete=complete)


def run_for_sending(asked: Asked, *, repeat: bool, as_stored: bool) -> DryRun:
    """The same of a job that would send them."""
    with alone(asked.wish.company_id):
        events, complete = reading.newest(asked, MOST_JUDGED)
        judged = judge_for_sending(asked.wish, events, repeat=repeat, as_stored=as_stored)
        return _summarize(asked, judged, complete=complete)


@contextmanager
def alone(company_id: int) -> Iterator[None]:
    """One count or dry run of a company at a time: each costs some tenths of a second, that of all of a large company's
    events more, and a program may ask often. Raises ActionRefused."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, company_id % 2**31])
            locked = bool(cursor.fetchone()[0])
        if not locked:
            raise ActionRefused("Another count or dry run of this company is not done yet. Ask again in a moment.")
        yield


def _summarize(asked: Asked, judged: Sequence[Judged], *, complete: bool) -> DryRun:
    # Of another subscription's deliveries only the newest were read through.
    totals = {} if complete and asked.source_id is None else reading.count(asked)
    types = {
        name: _count([one for one in judged if one.event.type == name], totals.get(name, (0, False)))
        for name in asked.wish.events
    }
    return DryRun(
        asked.since,
        asked.until,
        _sum(list(types.values())),
        types,
        [one for one in judged if one.outcome == Outcome.GOES][:SHOWN],
        [one for one in judged if one.outcome != Outcome.GOES][:SHOWN],
    )


def _count(judged: Sequence[Judged], counted: tuple[int, bool]) -> Counts:
    number = {outcome: sum(one.outcome == outcome for one in judged) for outcome in Outcome}
    total, at_least = counted
    return Counts(
        max(total, len(judged)),
        at_least,
        len(judged),
        number[Outcome.GOES],
        number[Outcome.FILTERED],
        number[Outcome.UNKNOWN],
        number[Outcome.THERE],
        number[Outcome.NO_BODY],
        number[Outcome.GONE],
    )


def _sum(counts: Sequence[Counts]) -> Counts:
    columns = zip(_NAMES, zip(*(astuple(one) for one in counts), strict=True), strict=True)
    return Counts(**{name: any(values) if name == "at_least" else sum(values) for name, values in columns})
