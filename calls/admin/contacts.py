"""What a person did: calls, texts and forms as one list, newest first, and counted.

Each kind is read along its own index, row by row of the person and only as far as the page needs: somebody with a
hundred thousand calls costs no more than somebody with a hundred. The apps that know a kind register it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from ..models import Attribution

_ORIGIN = ("source", "medium", "campaign", "keywords", "landing_page_url", "referrer")
COUNTED = 10_000  # contacts of each kind; more are told as “10,000+”


@dataclass(frozen=True)
class Contact:
    """A contact as a timeline shows it. `text`: facts in one line; `said`: somebody's words; `fields`: of a form."""

    icon: str
    title: str
    url: str
    text: str = ""
    said: str = ""
    ours: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    more_fields: int = 0
    tags: str = ""


@dataclass(frozen=True)
class Place:
    """A contact's place in the list, which is that of its kind, key and time."""

    at: datetime
    kind: str
    pk: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.kind}~{self.pk}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        at, _, rest = text.partition("~")
        kind, _, pk = rest.partition("~")
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            return None
        if moment.tzinfo is None or kind not in _kinds or not (pk.isascii() and pk.isdigit() and len(pk) < 19):
            return None
        return cls(moment, kind, int(pk))


@dataclass(frozen=True)
class Kind:
    """A kind of contact. `owner` is the column by which `model` is indexed, followed by `time`; `owners` is SQL for its
    values, from the keys of the people in %(people)s. `draw` reads rows by their keys. `measures` are SQL over rows
    `c` for `answered`, `missed` and `seconds`; `person_name` is SQL for what the person is called in one."""

    name: str
    plural: str
    model: type[Model]
    time: str
    owner: str
    draw: Callable[[Sequence[int]], dict[int, Contact]]
    owners: str = "SELECT unnest(%(people)s::bigint[])"
    person_name: str = ""
    measures: tuple[str, str, str] = ("NULL::bigint", "NULL::bigint", "NULL::bigint")

    @property
    def table(self) -> str:
        return connection.ops.quote_name(self.model._meta.db_table)


@dataclass
class Totals:
    """`counts` by kind; `more`: the kinds that have more than were counted."""

    counts: dict[str, int] = field(default_factory=dict)
    more: set[str] = field(default_factory=set)
    answered: int = 0
    missed: int = 0
    seconds: int = 0

    @property
    def all(self) -> int:
        return sum(self.counts.values())


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.name] = kind


def kinds() -> list[Kind]:
    return list(_kinds.values())


def read_places(
    people: Sequence[int], *, most: int, before: Place | None = None, only: str = "", newest_first: bool = True
) -> list[Place]:
    """The newest contacts, or those that come after `before` in the list; or the oldest ones."""
    way = "DESC" if newest_first else "ASC"
    params: dict[str, Any] = {"people": list(people), "most": most}
    parts = []
    for rank, kind in enumerate(kinds()):
        if only and kind.name != only:
            continue
        condition = _is_after(rank, kind, before, params)
        parts.append(
            f"SELECT {rank} AS rank, found.id, found.at FROM ({kind.owners}) AS o (id) CROSS JOIN LATERAL ("
            f"SELECT c.id, c.{kind.time} AS at FROM {kind.table} c WHERE c.{kind.owner} = o.id AND {condition} "
            f"ORDER BY c.{kind.time} {way}, c.id {way} LIMIT %(most)s) AS found"
        )
    if not parts:
        return []
    sql = f"{' UNION ALL '.join(parts)} ORDER BY at {way}, rank, id {way} LIMIT %(most)s"
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [Place(at, kinds()[rank].name, pk) for rank, pk, at in cursor.fetchall()]


def draw(places: Iterable[Place]) -> list[tuple[Place, Contact]]:
    """The contacts at these places. One that was removed meanwhile is left out."""
    asked = list(places)
    found = {
        kind.name: kind.draw(keys) for kind in kinds() if (keys := [one.pk for one in asked if one.kind == kind.name])
    }
    return [(one, found[one.kind][one.pk]) for one in asked if one.pk in found.get(one.kind, {})]


def count(people: Sequence[int], *, most: int = COUNTED) -> Totals:
    """Counts at most so many contacts of each kind, since counting all would read all."""
    parts = []
    for rank, kind in enumerate(kinds()):
        measures = ", ".join(kind.measures)
        parts.append(
            f"SELECT {rank}, count(*), {measures} FROM (SELECT c.* FROM ({kind.owners}) AS o (id) CROSS JOIN LATERAL ("
            f"SELECT * FROM {kind.table} c WHERE c.{kind.owner} = o.id "
            f"ORDER BY c.{kind.time} DESC, c.id DESC LIMIT %(most)s) AS c LIMIT %(most)s) AS c"
        )
    totals = Totals()
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), {"people": list(people), "most": most + 1})
        for rank, number, answered, missed, seconds in cursor.fetchall():
            name = kinds()[rank].name
            totals.counts[name] = min(number, most)
            totals.more |= {name} if number > most else set()
            totals.answered += answered or 0
            totals.missed += missed or 0
            totals.seconds += int(seconds or 0)
    return totals


def read_origin(place: Place) -> dict[str, str]:
    """Where the customer came from, as this contact tells it."""
    model: Any = _kinds[place.kind].model
    columns = [*(_ORIGIN if issubclass(model, Attribution) else ())]
    columns += ["tracker__source"] if any(field.name == "tracker" for field in model._meta.fields) else []
    found: dict[str, str] = model.objects.filter(pk=place.pk).values(*columns).first() or {}
    by_number = found.pop("tracker__source", "")
    known = {name: text for name, text in found.items() if text}
    return known if "source" in known or not by_number else {"source": by_number, **known}


def _is_after(rank: int, kind: Kind, before: Place | None, params: dict[str, Any]) -> str:
    """The condition for rows of this kind that come after `before` in the list, newest first."""
    if before is None:
        return "TRUE"
    params |= {"at": before.at, "pk": before.pk}
    own_rank = list(_kinds).index(before.kind)
    if rank == own_rank:
        return f"(c.{kind.time}, c.id) < (%(at)s, %(pk)s)"
    # At the same moment, the kinds follow each other in the order in which they are registered.
    return f"c.{kind.time} {'<=' if rank > own_rank else '<'} %(at)s"
