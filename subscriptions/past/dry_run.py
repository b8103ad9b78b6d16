"""A dry run: how many of the last days' events a subscription would have got, and which not. Nothing is written.

What it costs has an end: the newest events are judged, a few thousand, and the others counted, some ten thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from . import reading
from .judging import Judged, Outcome, Wish, judge

DAYS = 7
MOST_JUDGED = 2_000
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


@dataclass(frozen=True)
class DryRun:
    since: datetime
    until: datetime
    counts: Counts
    types: dict[str, Counts]  # in the order in which they were asked for
    going: list[Judged]  # the newest
    staying: list[Judged]


def run(wish: Wish, *, since: datetime | None = None, until: datetime | None = None) -> DryRun:
    until = until or timezone.now()
    since = since or until - timedelta(days=DAYS)
    asked = reading.Asked(wish, since, until)
    events, complete = reading.newest(asked, MOST_JUDGED)
    judged = judge(wish, events)
    totals = {} if complete else reading.count(asked)
    types = {name: _count([one for one in judged if one.event.type == name], totals.get(name)) for name in wish.events}
    return DryRun(
        since,
        until,
        _sum(list(types.values())),
        types,
        [one for one in judged if one.outcome == Outcome.GOES][:SHOWN],
        [one for one in judged if one.outcome != Outcome.GOES][:SHOWN],
    )


def _count(judged: Sequence[Judged], total: int | None) -> Counts:
    number = {outcome: sum(one.outcome == outcome for one in judged) for outcome in Outcome}
    counted = len(judged) if total is None else max(total, len(judged))
    return Counts(
        min(counted, reading.MOST_COUNTED),
        counted > reading.MOST_COUNTED,
        len(judged),
        number[Outcome.GOES],
        number[Outcome.FILTERED],
        number[Outcome.UNKNOWN],
    )


def _sum(counts: Sequence[Counts]) -> Counts:
    return Counts(
        sum(one.total for one in counts),
        any(one.at_least for one in counts),
        sum(one.judged for one in counts),
        sum(one.would_go for one in counts),
        sum(one.filtered_out for one in counts),
        sum(one.not_known for one in counts),
    )
