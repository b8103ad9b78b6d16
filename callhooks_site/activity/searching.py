"""Finds rows by a name, a number in any notation, an email address, an id, or words.

Words are looked up in full-text indexes whose keys begin with the company and the week (`calls.search_words`). So a
search reads one company's keys only, and goes back week by week: what is found often is found in the newest weeks,
and what is rare costs little in all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import F

from calls import search_words
from calls.models import Call, Person
from calls.people_search import find_people
from calls.phones import normalise_if_number
from forms_intake.models import FormSubmission
from subscriptions.lib.countries import country_of
from subscriptions.models import Company

from .filters import OLDEST, Filters, rows_of
from .kinds import CALL, FORM, KINDS, Kind
from .names import typed_name

MOST_FOUND = 1_000
MOST_PEOPLE = 200  # rows of the people that a number, an address or a name means
MOST_NAMES = 200  # of the rows that were found
_RESOURCE_ID = re.compile(r"[A-Z]{3}[0-9a-f]{32}")

Found = tuple[datetime, int, int]  # time, number of the kind, primary key


def find(filters: Filters, company: int) -> list[Found]:
    """The newest MOST_FOUND rows that the words mean, or the oldest if these come first."""
    by_words = list(_by_words(filters, company))
    # Who has the name may be said by rows that the filters leave out.
    plain = Filters(words=filters.words)
    naming = by_words if filters.place == plain else _by_words(plain, company)
    found = {*_by_contact(filters, company), *by_words, *_of_people(filters, company, _named(naming, filters))}
    return sorted(found, reverse=filters.sort != OLDEST)[:MOST_FOUND]


def _by_contact(filters: Filters, company: int) -> Iterator[Found]:
    """By an id, a whole number or an email address, for which there are indexes of their own."""
    term = filters.words
    for kind, rows in _parts(filters, company):
        if _RESOURCE_ID.fullmatch(term):
            yield from _keys(kind, rows.filter(resource_id=term), filters)
        elif " " not in term:
            yield from _keys(kind, rows.filter(external_id=term), filters)
    people = find_people(Person.objects.filter(company=company), term, [region_of(company)])
    yield from _of_people(filters, company, people)


def _of_people(filters: Filters, company: int, people: list[int]) -> Iterator[Found]:
    for kind, rows in _parts(filters, company) if people else []:
        yield from _keys(kind, rows.filter(**{f"{kind.person}__in": people[:MOST_PEOPLE]}), filters)


def _named(found: Iterable[Found], filters: Filters) -> list[int]:
    """The people of that name among the newest that were found. Their other calls, texts and forms may not have it:
    texts have no name, and a phone system may tell none."""
    newest = sorted(found, reverse=True)[:MOST_NAMES]
    calls = [pk for _, number, pk in newest if KINDS[number] is CALL]
    forms = [pk for _, number, pk in newest if KINDS[number] is FORM]
    names = list(Call.objects.filter(pk__in=calls).order_by().values_list("person", "customer_name"))
    typed = FormSubmission.objects.filter(pk__in=forms).order_by().values_list("person", "person__name", "form_data")
    names += [(person, name or typed_name(data)) for person, name, data in typed]
    people = {person for person, name in names if person and search_words.are_in(filters.words, name)}
    if not people:
        return []
    rows = Person.objects.filter(pk__in=people).values_list("pk", "merged_into")
    main = {merged or pk for pk, merged in rows}
    return [*main, *Person.objects.filter(merged_into__in=main).values_list("pk", flat=True)]


def _by_words(filters: Filters, company: int) -> Iterator[Found]:
    wanted = search_words.read(filters.words, normalise_if_number(filters.words, region=region_of(company)))
    parts = _parts(filters, company)
    weeks = _weeks(parts) if wanted else range(0)
    queries = search_words.build_queries(company, weeks if filters.sort == OLDEST else reversed(weeks), wanted)
    for kind, rows in parts if queries else ():
        newest = _in_order(kind, rows, filters)
        for at, pk in search_words.find(kind.name, newest, queries, MOST_FOUND):
            yield at, KINDS.index(kind), pk


def _weeks(parts: list[tuple[Kind, Any]]) -> range:
    """From that of the oldest to that of the newest row."""
    moments: list[datetime] = []
    for kind, rows in parts:
        for order in (kind.time, f"-{kind.time}"):
            moments += rows.order_by(order).values_list(kind.time, flat=True)[:1]
    return search_words.weeks_between(min(moments), max(moments)) if moments else range(0)


def _parts(filters: Filters, company: int) -> list[tuple[Kind, Any]]:
    found = ((kind, rows_of(kind, filters, company)) for kind in filters.chosen)
    return [(kind, rows) for kind, rows in found if rows is not None]


def _keys(kind: Kind, rows: Any, filters: Filters) -> list[Found]:
    return [(at, KINDS.index(kind), pk) for at, pk in _in_order(kind, rows, filters)[:MOST_FOUND]]


def _in_order(kind: Kind, rows: Any, filters: Filters) -> Any:
    """Times and primary keys, in the order of the list."""
    back = "" if filters.sort == OLDEST else "-"
    return rows.order_by(f"{back}{kind.time}", f"{back}pk").values_list(F(kind.time), F("pk"))


def region_of(company: int) -> str:
    country, zone = Company.objects.filter(pk=company).values_list("country", "time_zone").get()
    return country or country_of(zone)
