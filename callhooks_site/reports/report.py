"""A company's report of a period: what the page shows and what the CSV file has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from callhooks_site.vendor_api.models import CallTotalState
from calls.models import Tracker
from calls.payloads.values import display_name
from calls.phones import formatted
from subscriptions.models import Company

from . import figures, top_callers
from .figures import Campaign, Figures, Hours, Pair, Scope
from .period import Period
from .selected import Selection, read_selected
from .top_callers import TopCallers

NO_SOURCE = "Unknown source"
NO_SELECTION = Selection()


@dataclass(frozen=True)
class Line:
    """One source or tracking number. `key`: in addresses. `detail`: a number's digits. `before`: the calls of the
    period before."""

    key: str
    name: str
    figures: Figures
    before: int = 0
    detail: str = ""


@dataclass(frozen=True)
class Report:
    period: Period
    total: Figures
    before: Figures
    days: dict[date, Figures]
    sources: list[Line]
    numbers: list[Line]
    campaigns: list[Campaign] | None  # None: of one tracking number they are not known
    hours: Hours
    callers: TopCallers
    source_choices: list[Line]
    number_choices: list[Line]
    complete: bool  # whether all that was there before is counted
    selection: Selection = NO_SELECTION
    whole: bool = True  # whether a selection was made of all calls of the period
    before_whole: bool = True


def build_report(
    company: Company,
    period: Period,
    *,
    source: str = "",
    number: int | None = None,
    selection: Selection = NO_SELECTION,
) -> Report:
    """`source`: its slug. `number`: the key of a tracking number."""
    if selection:
        return _build_selected(company, period, source, number, selection)
    everything = Scope(company.pk)
    pairs = figures.read_pairs(everything, period.since, period.until)
    earlier = figures.read_pairs(everything, period.before_since, period.before_until)
    written = {pair.source for pair in [*pairs, *earlier] if figures.slug_of(pair.source) == source}
    scope = Scope(company.pk, number, sorted(written) if source else None)
    days = figures.read_days(scope, period.since, period.until)
    before = figures.read_days(scope, period.before_since, period.before_until)

    def wanted(pair: Pair) -> bool:
        return (not source or figures.slug_of(pair.source) == source) and number in (None, pair.tracker)

    def of(rows: Iterable[Pair]) -> list[Pair]:
        return [pair for pair in rows if wanted(pair)]

    trackers = _trackers(company, {pair.tracker for pair in pairs if pair.tracker} | ({number} if number else set()))
    return Report(
        period,
        figures.sum_up(days.values()),
        figures.sum_up(before.values()),
        days,
        _by_source(of(pairs), of(earlier)),
        _by_number(of(pairs), of(earlier), trackers),
        None if number else figures.read_campaigns(scope, period),
        figures.read_hours(scope, period.since, period.until),
        top_callers.find_top_callers(scope, period, ZoneInfo(company.time_zone)),
        _by_source(pairs, []),
        _by_number(pairs, [], trackers),
        not CallTotalState.objects.filter(company=company, complete=False).exists(),
    )


def _build_selected(company: Company, period: Period, source: str, number: int | None, selection: Selection) -> Report:
    """The same of some calls only. Texts, forms and campaigns are not in it."""
    now = read_selected(company, selection, period.since, period.until)
    before = read_selected(company, selection, period.before_since, period.before_until)
    pairs, earlier = now.pairs(), before.pairs()

    def of(rows: list[Pair]) -> list[Pair]:
        return [
            pair
            for pair in rows
            if (not source or figures.slug_of(pair.source) == source) and number in (None, pair.tracker)
        ]

    trackers = _trackers(company, {pair.tracker for pair in pairs if pair.tracker} | ({number} if number else set()))
    shown = now.within(of(pairs))
    return Report(
        period,
        shown.total(),
        before.within(of(earlier)).total(),
        shown.days(),
        _by_source(of(pairs), of(earlier)),
        _by_number(of(pairs), of(earlier), trackers),
        None,
        shown.hours(),
        TopCallers([]),
        _by_source(pairs, []),
        _by_number(pairs, [], trackers),
        True,
        selection,
        now.whole,
        before.whole,
    )


def _by_source(pairs: list[Pair], earlier: list[Pair]) -> list[Line]:
    return _lines(
        pairs, earlier, lambda pair: figures.slug_of(pair.source), lambda pair: (source_name(pair.source), "")
    )


def _by_number(pairs: list[Pair], earlier: list[Pair], trackers: dict[int, Tracker]) -> list[Line]:
    def name(pair: Pair) -> tuple[str, str]:
        tracker = trackers.get(pair.tracker or 0)
        return (tracker.name, formatted(tracker.phone_number)) if tracker else ("Deleted number", "")

    def key(pair: Pair) -> str:
        return str(pair.tracker)

    return _lines([pair for pair in pairs if pair.tracker], [pair for pair in earlier if pair.tracker], key, name)


def _lines(
    pairs: list[Pair], earlier: list[Pair], key: Callable[[Pair], str], name: Callable[[Pair], tuple[str, str]]
) -> list[Line]:
    """The most frequent first."""
    sums: dict[str, Figures] = {}
    names: dict[str, tuple[str, str]] = {}
    before: dict[str, int] = {}
    for pair in pairs:
        sums.setdefault(key(pair), Figures()).add(pair.figures)
        names.setdefault(key(pair), name(pair))
    for pair in earlier:
        before[key(pair)] = before.get(key(pair), 0) + pair.figures.calls
    lines = [Line(one, names[one][0], sums[one], before.get(one, 0), names[one][1]) for one in sums]
    return sorted(lines, key=lambda line: (-line.figures.calls, -line.figures.whole, line.name))


def source_name(source: str) -> str:
    return display_name(source) if source else NO_SOURCE


def _trackers(company: Company, keys: set[int]) -> dict[int, Tracker]:
    return {row.pk: row for row in Tracker.objects.filter(company=company, pk__in=keys)}
