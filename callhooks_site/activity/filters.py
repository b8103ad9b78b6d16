"""What the address of the page asks for, read strictly, and as conditions on the rows of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import OuterRef, Q, Subquery
from django.http import QueryDict
from django.utils import timezone

from calls.models import Call
from subscriptions.admin.kit.filters import is_id
from subscriptions.lib import opaque

from .kinds import BY_NAME, CALL, KINDS, TEXT, Kind

NEWEST, OLDEST = "", "oldest"
SPANS = {
    "24h": ("last 24 hours", timedelta(hours=24)),
    "7d": ("last 7 days", timedelta(days=7)),
    "30d": ("last 30 days", timedelta(days=30)),
}
LONGEST_SEARCH = 200  # characters
MOST_PAGES = 200  # of 50 rows; the last one leads on to older rows
_INBOUND = Q(direction=Call.Direction.INBOUND)
_ENDED = Q(ended_at__isnull=False)
_NOT_REACHED = _INBOUND & (Q(voicemail=True) | Q(answered_at=None)) & _ENDED
OUTCOMES: dict[str, tuple[str, Q]] = {
    "answered": ("Answered", Q(voicemail=False, answered_at__isnull=False) & _ENDED),
    "missed": ("Missed", _INBOUND & Q(voicemail=False, answered_at=None, abandoned=False) & _ENDED),
    "voicemail": ("Voicemail", _INBOUND & Q(voicemail=True)),
    "abandoned": ("Abandoned", _INBOUND & Q(voicemail=False, answered_at=None, abandoned=True) & _ENDED),
    "no_answer": ("No answer", Q(direction=Call.Direction.OUTBOUND, voicemail=False, answered_at=None) & _ENDED),
    "running": ("In progress", Q(ended_at=None)),
    "to_call_back": ("To call back", _NOT_REACHED & Q(spam=False)),
}


class BadFilter(ValueError):
    """The address asks for something that the page does not have."""


@dataclass(frozen=True)
class Filters:
    """`since`: a key of SPANS; `first` and `last`: days, both included. `before`: only rows before this moment, where
    a scan goes on. `page` counts from 1."""

    kinds: tuple[str, ...] = ()
    outcome: str = ""
    source: str = ""
    tracker: int | None = None
    tag: int | None = None
    since: str = ""
    first: date | None = None
    last: date | None = None
    words: str = ""
    sort: str = NEWEST
    before: datetime | None = None
    page: int = 1

    @property
    def chosen(self) -> list[Kind]:
        return [kind for kind in KINDS if kind.name in self.kinds] or list(KINDS)

    @property
    def scans(self) -> bool:
        """Whether no index serves all that is asked, so that rows are looked at one by one."""
        return bool(self.outcome or self.source or self.tracker or self.tag)

    @property
    def any_set(self) -> bool:
        return bool(self.scans or self.kinds or self.since or self.first or self.last or self.words)

    @property
    def place(self) -> Filters:
        """What is looked for, without the place in the list."""
        return replace(self, before=None, page=1)

    def query(self) -> dict[str, Any]:
        """As the parameters of an address, in a fixed order."""
        found: dict[str, Any] = {
            "q": self.words,
            "kind": list(self.kinds),
            "outcome": self.outcome,
            "source": self.source,
            "tracker": self.tracker,
            "tag": self.tag,
            "since": self.since,
            "from": self.first and self.first.isoformat(),
            "to": self.last and self.last.isoformat(),
            "sort": self.sort,
            "before": self.before and self.before.isoformat(),
            "page": self.page if self.page > 1 else None,
        }
        return {name: value for name, value in found.items() if value}

    def encoded(self) -> str:
        return urlencode(self.query(), doseq=True)


def read(query: Mapping[str, Any]) -> Filters:
    """The filters of a query string. Raises BadFilter."""
    given = query if isinstance(query, QueryDict) else QueryDict(urlencode(query, doseq=True))
    kinds = tuple(kind.name for kind in KINDS if kind.name in given.getlist("kind"))
    if len(kinds) == len(KINDS):
        kinds = ()
    since = _one_of(given.get("since", ""), SPANS)
    return Filters(
        kinds=kinds if set(given.getlist("kind")) <= {*BY_NAME} else _refuse("kind"),
        outcome=_one_of(given.get("outcome", ""), OUTCOMES),
        source=given.get("source", "").replace("\x00", "")[:200],
        tracker=_id(given.get("tracker", "")),
        tag=_id(given.get("tag", "")),
        since=since,
        first=None if since else _day(given.get("from", "")),
        last=None if since else _day(given.get("to", "")),
        words=given.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
        sort=_one_of(given.get("sort", ""), (OLDEST,)),
        before=_moment(given.get("before", "")),
        page=_page(given.get("page", "")),
    )


def rows_of(kind: Kind, filters: Filters, company: int) -> Any:
    """The rows of this kind that the filters leave; None if there can be none."""
    rows = kind.rows.filter(company=company, **_times(kind, filters))
    if filters.outcome:
        if kind is not CALL:
            return None
        rows = rows.filter(OUTCOMES[filters.outcome][1])
        if filters.outcome == "to_call_back":
            rows = rows.alias(called_back=first_call_back()).filter(called_back=None)
    if filters.source:
        asked = Q(tracker__source=filters.source)
        if kind is not TEXT:
            own = Q(source=filters.source)
            asked = own | (Q(source="") & asked) if kind is CALL else own
        rows = rows.filter(asked)
    if filters.tracker:
        if not kind.tracker:
            return None
        rows = rows.filter(**{kind.tracker: filters.tracker})
    if filters.tag:
        # Of another company's tag no row of this company has anything.
        rows = rows.filter(**{kind.tags: filters.tag})
    return rows


def first_call_back() -> Subquery:
    """When somebody called the person of a call back, or spoke with them, after it: one look into
    `call_spoken_with_person` for each call, which EXISTS would become a join without."""
    later = Call.objects.filter(person=OuterRef("person"), start_time__gt=OuterRef("start_time"))
    spoken = later.filter(Q(direction=Call.Direction.OUTBOUND) | Q(answered_at__isnull=False, voicemail=False))
    return Subquery(spoken.order_by("start_time").values("start_time")[:1])


def begins(filters: Filters) -> datetime | None:
    if filters.since:
        return timezone.now() - SPANS[filters.since][1]
    return _midnight(filters.first) if filters.first else None


def ends(filters: Filters) -> datetime | None:
    """The moment before which rows are."""
    return _midnight(filters.last + timedelta(days=1)) if filters.last else None


def _times(kind: Kind, filters: Filters) -> dict[str, datetime]:
    found = {}
    if (first := begins(filters)) is not None:
        found[f"{kind.time}__gte"] = first
    limits = [one for one in (ends(filters), filters.before if filters.sort == NEWEST else None) if one is not None]
    if limits:
        found[f"{kind.time}__lt"] = min(limits)
    if filters.before is not None and filters.sort == OLDEST:
        found[f"{kind.time}__gte"] = max(filters.before, found.get(f"{kind.time}__gte", filters.before))
    return found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _refuse(name: str) -> Any:
    raise BadFilter(name)


def _one_of(text: str, known: Any) -> str:
    return text if not text or text in known else _refuse(text)


def _id(text: str) -> int | None:
    return None if not text else int(text) if is_id(text) else _refuse(text)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return _refuse(text)  # type: ignore[no-any-return]
    return day if day is None or 1970 < day.year < 2200 else _refuse(text)


def _moment(text: str) -> datetime | None:
    try:
        return opaque.parse_moment(text) if text else None
    except ValueError:
        return _refuse(text)  # type: ignore[no-any-return]


def _page(text: str) -> int:
    if not text:
        return 1
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    return number if 0 < number <= MOST_PAGES else _refuse(text)
