"""The filters as chips, with what a company has to choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from calls.models import Call, Tag, Tracker
from calls.payloads.values import display_name
from forms_intake.models import FormSubmission
from subscriptions.admin.kit.chips import Chip, Choice

from .filters import OUTCOMES, SPANS, Filters
from .kinds import KINDS

MOST_OFFERED = 100  # of sources, tracking numbers and tags
# Sources of calls that no tracking number has: looked for in this many of the newest rows.
NEWEST_ROWS = 2_000

Link = Callable[[Filters], str]


def build_chips(filters: Filters, company: int, link: Link, counts: dict[str, int]) -> list[Chip]:
    plain = filters.place
    return [
        _kind(plain, link, counts),
        _choose("Outcome", plain, "outcome", [(key, words) for key, (words, _) in OUTCOMES.items()], link),
        _choose("Source", plain, "source", _sources(company, plain), link),
        _choose("Tag", plain, "tag", _tags(company, plain), link),
        _choose("Tracking number", plain, "tracker", _trackers(company, plain), link),
    ]


def when_in_words(filters: Filters) -> str:
    """`last 7 days`, `24 Nov 2026 to 30 Nov 2026`; empty for any time."""
    if filters.since:
        return SPANS[filters.since][0]
    first, last = (f"{day.day} {day:%b %Y}" if day else "" for day in (filters.first, filters.last))
    if first and last:
        return first if first == last else f"{first} to {last}"
    return f"from {first}" if first else f"to {last}" if last else ""


def spans(filters: Filters, link: Link) -> list[Choice]:
    plain = replace(filters.place, first=None, last=None)
    return [
        Choice(words[:1].upper() + words[1:], link(replace(plain, since=key)), filters.since == key)
        for key, (words, _) in SPANS.items()
    ]


def _kind(filters: Filters, link: Link, counts: dict[str, int]) -> Chip:
    """Each choice is added or taken away: several can be set."""
    choices = []
    for kind in KINDS:
        chosen = kind.name in filters.kinds
        kept = {*filters.kinds} ^ {kind.name}
        kinds = tuple(one.name for one in KINDS if one.name in kept)
        note = f"{counts[kind.name]:,}" if counts.get(kind.name, 0) <= 10_000 and kind.name in counts else ""
        url = link(replace(filters, kinds=() if len(kinds) == len(KINDS) else kinds))
        choices.append(Choice(kind.label, url, chosen, note))
    value = " and ".join(kind.label.lower() for kind in KINDS if kind.name in filters.kinds)
    return Chip("Kind", value, link(replace(filters, kinds=())), choices)


def _choose(title: str, filters: Filters, name: str, offered: list[tuple[Any, str]], link: Link) -> Chip:
    now = getattr(filters, name)

    def with_one(value: Any) -> str:
        change: dict[str, Any] = {name: value}
        return link(replace(filters, **change))

    choices = [Choice(words, with_one(key), key == now) for key, words in offered]
    value = next((choice.label for choice in choices if choice.selected), str(now) if now else "")
    note = f"The first {MOST_OFFERED} are shown." if len(offered) > MOST_OFFERED else ""
    if not offered:
        note = f"There is no {title.lower()} yet."
    return Chip(title, value, with_one("" if isinstance(now, str) else None), choices[:MOST_OFFERED], note)


def _sources(company: int, filters: Filters) -> list[tuple[str, str]]:
    known = set(Tracker.objects.filter(company=company).exclude(source="").order_by().values_list("source", flat=True)
                .distinct()[: MOST_OFFERED + 1])  # fmt: skip
    for rows in (
        Call.objects.filter(company=company).order_by("-start_time", "-pk"),
        FormSubmission.objects.filter(company=company).order_by("-submitted_at", "-pk"),
    ):
        known |= {*rows.values_list("source", flat=True)[:NEWEST_ROWS]} - {""}
    known |= {filters.source} - {""}
    return sorted(((source, display_name(source)) for source in known), key=lambda pair: pair[1].casefold())


def _tags(company: int, filters: Filters) -> list[tuple[int, str]]:
    return _rows(Tag.objects.filter(company=company).order_by("name"), filters.tag, "name")


def _trackers(company: int, filters: Filters) -> list[tuple[int, str]]:
    return _rows(Tracker.objects.filter(company=company).order_by("name", "pk"), filters.tracker, "name")


def _rows(rows: Any, chosen: int | None, name: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = list(rows.values_list("pk", name)[: MOST_OFFERED + 1])
    if chosen and all(pk != chosen for pk, _ in found):
        # A link may choose one that is not among the first.
        found = [*rows.filter(pk=chosen).values_list("pk", name), *found]
    return found
