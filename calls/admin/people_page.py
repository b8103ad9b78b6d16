"""What the page of a person shows: totals, one timeline of all contacts, numbers, and where somebody came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from subscriptions.admin.kit import times

from ..models import Call, Person
from ..payloads.values import display_name, location
from ..phones import formatted
from . import contacts
from .names import read_names
from .talk import first_name

SHOWN = 25  # contacts of a page
NAMES_IN = 100  # the newest calls and forms of each number, whose names are read
MOST_NAMES = 5


def page_context(request: HttpRequest, person: Person, rows: Sequence[Person]) -> dict[str, Any]:
    """`rows`: the main row and those that are merged into it."""
    people = [row.pk for row in rows]
    main = rows[0]
    only = request.GET.get("kind", "")
    only = only if only in {kind.name for kind in contacts.kinds()} else ""
    before = contacts.Place.parse(request.GET.get("before", ""))
    places = contacts.read_places(people, most=SHOWN + 1, before=before, only=only)
    ends = [contacts.read_places(people, most=1, newest_first=False), contacts.read_places(people, most=1)]
    totals = contacts.count(people)
    names = list(dict.fromkeys(name for _, name in read_names(people, most=NAMES_IN)))[:MOST_NAMES]
    name = main.name or next(iter(names), "")
    number = next((formatted(row.phone) for row in rows if row.phone), "")
    mail = next((row.email for row in rows if row.email), "")
    return {
        "title": name or number or mail or "Unknown",
        "subtitle": None,
        "named": bool(name),
        "person": person,
        "main": main,
        "first_name": first_name(name) or "this person",
        "number": number,
        "tel": next((row.phone for row in rows if row.phone), ""),
        "mail": "" if number and name else mail,
        "place": ", ".join(filter(None, (main.city, main.state))) or _last_place(people),
        "figures": _figures(totals, ends),
        "timeline": [
            {"at": times.day_tag(place.at), "it": contact} for place, contact in contacts.draw(places[:SHOWN])
        ],
        "kinds": [
            {"label": label, "url": f"?{urlencode({'kind': kind})}" if kind else "?", "current": kind == only}
            for kind, label in [("", "All"), *((kind.name, kind.plural) for kind in contacts.kinds())]
        ],
        "older": _page_url(only, places[SHOWN - 1]) if len(places) > SHOWN else "",
        "newest": _page_url(only, None) if before else "",
        "about": _about(main, rows, [one for one in names if one != name]),
        "came_from": _came_from(person, ends),
    }


def _last_place(people: Sequence[int]) -> str:
    """Where the newest call came from."""
    newest = contacts.read_places(people, most=1, only="call")
    call = Call.objects.filter(pk__in=[place.pk for place in newest]).only("customer_city", "customer_state").first()
    return location(call) if call is not None else ""


def _page_url(only: str, before: contacts.Place | None) -> str:
    asked = {"kind": only, "before": str(before) if before else ""}
    return "?" + urlencode({name: value for name, value in asked.items() if value})


def _figures(totals: contacts.Totals, ends: list[list[contacts.Place]]) -> list[tuple[str, str, str]]:
    """A label, a number, and a quiet word beside it."""

    def number(kind: str) -> str:
        return f"{totals.counts.get(kind, 0):,}{'+' if kind in totals.more else ''}"

    said = [f"{totals.answered:,} answered"] if totals.answered else []
    said += [f"{totals.missed:,} missed"] if totals.missed else []
    figures = [
        (kind.plural, number(kind.name), ", ".join(said) if kind.name == "call" else "") for kind in contacts.kinds()
    ]
    if totals.seconds:
        figures.append(("Time on the phone", times.format_length(totals.seconds), ""))
    oldest, newest = ends
    if oldest and newest:
        figures.append(("First contact", times.day(oldest[0].at), ""))
        figures.append(("Last contact", times.day(newest[0].at), ""))
    return figures


def _about(main: Person, rows: Sequence[Person], other_names: list[str]) -> list[tuple[str, str]]:
    numbers = _lines(formatted(row.phone) for row in rows if row.phone)
    mails = _lines(row.email for row in rows if row.email)
    known = [
        ("Numbers", numbers),
        ("Email", mails),
        ("Also called", ", ".join(other_names)),
        ("Place", ", ".join(filter(None, (main.city, main.state, main.country)))),
    ]
    return [(label, text) for label, text in known if text]


def _lines(texts: Any) -> str:
    return format_html_join("", "<div>{}</div>", ((text,) for text in texts))


_SHOWN_ORIGIN = {
    "source": "Source",
    "medium": "Medium",
    "campaign": "Campaign",
    "keywords": "Keywords",
    "landing": "Landing page",
    "landing_page_url": "Landing page",
    "referrer": "Referrer",
}


def _came_from(person: Person, ends: list[list[contacts.Place]]) -> list[dict[str, Any]]:
    """The first and the last touch: the visits that forms told of, or else what the contacts themselves say."""
    touches = person.touches
    parts: list[dict[str, Any]] = []
    for name, label, end in zip(("first_touch", "last_touch"), ("First", "Last"), ends, strict=True):
        touch = touches.get(name)
        known = touch if isinstance(touch, dict) else contacts.read_origin(end[0]) if end else {}
        pairs = [(word, _origin_words(key, known[key])) for key, word in _SHOWN_ORIGIN.items() if known.get(key)]
        if pairs and pairs not in [one["pairs"] for one in parts]:
            parts.append({"label": label, "pairs": pairs})
    return parts


def _origin_words(key: str, value: Any) -> str:
    text = str(value)
    return display_name(text) if key == "source" else format_html("{}", text)
