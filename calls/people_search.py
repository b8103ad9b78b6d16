"""Which people a search term in the admin means."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from .models import Person
from .phones import read_in


def find_people(people: QuerySet[Person], term: str, regions: Iterable[str]) -> list[int]:
    """The keys of all rows of the people with this number, email address or id, the main rows first. Numbers without +
    are read as in each of these countries."""
    main = find_main_rows(people, term, regions)
    return [*main, *people.filter(merged_into__in=main).values_list("pk", flat=True)] if main else []


def find_main_rows(people: QuerySet[Person], term: str, regions: Iterable[str]) -> list[int]:
    if term.startswith("PER"):
        meant = Q(resource_id=term)
    elif "@" in term:
        meant = Q(email=term.lower())
    else:
        meant = Q(phone__in=read_in(term, regions))
    found = people.filter(meant).order_by().values_list("merged_into", "pk")
    return list(dict.fromkeys(main or pk for main, pk in found))
