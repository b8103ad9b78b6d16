"""Find or create tags by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Value
from django.db.models.functions import Lower

from subscriptions.models import Company

from .models import Tag

# The database compares, as in the unique index: its lower case differs from Python's. Sorted, so that two transactions
# that create the same tags do not deadlock.
_MAKE = """
INSERT INTO calls_tag (company_id, name, level, color)
SELECT %(company)s, name, 'company', 'gray1'
  FROM (SELECT DISTINCT ON (lower(name)) name FROM unnest(%(names)s::text[]) AS name ORDER BY lower(name)) AS given
 WHERE NOT EXISTS (SELECT FROM calls_tag t WHERE t.company_id = %(company)s AND lower(t.name) = lower(given.name))
    ON CONFLICT DO NOTHING
"""
_FIND = """
SELECT id FROM calls_tag WHERE company_id = %(company)s
   AND lower(name) IN (SELECT lower(name) FROM unnest(%(names)s::text[]) AS name)
"""


def find_or_make_tags(company: Company, names: Sequence[str]) -> list[Tag]:
    """The company's tags with these names, ignoring case; missing ones are created."""
    if not names:
        return []
    given: dict[str, Any] = {"company": company.pk, "names": list(names)}
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, given)
        cursor.execute(_FIND, given)
        ids = [tag_id for (tag_id,) in cursor.fetchall()]
    return list(Tag.objects.filter(pk__in=ids))


def get_or_make_tag(*, company: Company, name: str, **fields: str) -> tuple[Tag, bool]:
    """The company's tag with this name, and whether it was created now (with these fields)."""
    try:
        with transaction.atomic():
            return Tag.objects.create(company=company, name=name, **fields), True
    except IntegrityError:
        return Tag.objects.annotate(lower=Lower("name")).get(company=company, lower=Lower(Value(name))), False
