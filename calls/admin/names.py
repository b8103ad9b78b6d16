"""People by their names: what their calls and forms say of them shows in lists, and is found.

A call has the name that the phone system or the office gave, a form the one that was typed; a person need not have it.
The words of calls and forms are indexed by company and week (`calls.search_words`); they lead to the people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from subscriptions.replica.reading import read_connection

from .. import search_words
from ..models import Person
from . import contacts

MOST_FOUND = 200  # calls or forms of a search in each company
MOST_COMPANIES = 10  # searched; whoever has more chooses one
ROWS_READ = 5  # the newest calls and forms of a person in a list
LONGEST_NAME = 200
_LETTER = re.compile(r"[^\W\d_]")


def read_names(people: Sequence[int], *, most: int = ROWS_READ) -> list[tuple[int, str]]:
    """What the newest calls, and then the newest forms, call each of these people: keys and names, the newest first."""
    parts = [
        f"SELECT {rank} AS rank, o.id, named.name, named.at FROM unnest(%(people)s::bigint[]) AS o (id) "
        f"CROSS JOIN LATERAL (SELECT newest.name, newest.at FROM (SELECT {kind.person_name} AS name, "
        f"c.{kind.time} AS at FROM {kind.table} c WHERE c.{kind.owner} = o.id "
        f"ORDER BY c.{kind.time} DESC, c.id DESC LIMIT %(most)s"
        ") AS newest WHERE newest.name <> '') AS named"
        for rank, kind in enumerate(contacts.kinds())
        if kind.person_name
    ]
    sql = f"SELECT id, name FROM ({' UNION ALL '.join(parts)}) AS found ORDER BY rank, at DESC"
    with read_connection().cursor() as cursor:
        cursor.execute(sql, {"people": list(people), "most": most})
        return [(pk, name[:LONGEST_NAME]) for pk, name in cursor.fetchall()]


def names_of(people: Sequence[int]) -> dict[int, str]:
    """The newest name of each."""
    return dict(reversed(read_names(people)))


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
    weeks = search_words.weeks_between(*ends)
    queries = search_words.build_queries(company, reversed(weeks), wanted)
    people = rows.values_list("person_id", flat=True)
    return {pk for (pk,) in search_words.find(kind.name, people, queries, MOST_FOUND)}
