"""People by their names: what their calls say of them shows in lists, and is found.

A call has the name that the phone system or the office gave, which need not be a person's yet. The words of calls and
forms are indexed by company and week (`calls.search_words`); they lead to the people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from .. import search_words
from ..models import Person
from . import contacts

MOST_FOUND = 200  # calls or forms of a search in each company
MOST_COMPANIES = 10  # searched; whoever has more chooses one
CALLS_READ = 5  # the newest of a person in a list
_LETTER = re.compile(r"[^\W\d_]")

_NAMES = """
SELECT o.id, named.name FROM unnest(%(people)s::bigint[]) AS o (id) CROSS JOIN LATERAL (
    SELECT newest.name FROM (
        SELECT c.customer_name AS name FROM calls_call c WHERE c.person_id = o.id
         ORDER BY c.start_time DESC, c.id DESC LIMIT %(most)s) AS newest
     WHERE newest.name <> '' LIMIT 1) AS named
"""


def names_of(people: Sequence[int]) -> dict[int, str]:
    """What the newest calls call each of these people, where they have a name."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, {"people": list(people), "most": CALLS_READ})
        return dict(cursor.fetchall())


def _is_name(term: str) -> bool:
    """Whether it may be one: not a number, an address or an id, which are looked up as such."""
    return bool(_LETTER.search(term)) and "@" not in term and not re.fullmatch(r"[A-Z]{3}[0-9a-f]{32}", term)


def find_by_name(term: str, companies: Iterable[int] | None) -> set[int]:
    """The keys of the people whose newest calls and forms have these words, each as the call or form has it. None for
    all companies: then nobody is looked for."""
    wanted = search_words.read(term) if _is_name(term) else []
    found: set[int] = set()
    for company in list(companies or ())[:MOST_COMPANIES] if wanted else ():
        for kind in contacts.kinds():
            if kind.owner == "person_id":  # a text has the words of a message, and no name
                found |= _owners(kind, company, wanted)
    return found


def main_rows(people: Iterable[int]) -> set[int]:
    rows = Person.objects.filter(pk__in=set(people)).values_list("merged_into", "pk")
    return {main or pk for main, pk in rows}


def _owners(kind: contacts.Kind, company: int, wanted: list[str]) -> set[int]:
    rows: Any = kind.model._default_manager.filter(company=company, person__isnull=False).order_by()
    ends = [rows.order_by(order).values_list(kind.time, flat=True).first() for order in (kind.time, f"-{kind.time}")]
    if ends[0] is None:
        return set()
    weeks = range(search_words.week_of(ends[1]), search_words.week_of(ends[0]) - 1, -1)
    queries = search_words.build_queries(company, weeks, wanted)
    people = rows.values_list("person_id", flat=True)
    return {pk for (pk,) in search_words.find(kind.name, people, queries, MOST_FOUND)}
