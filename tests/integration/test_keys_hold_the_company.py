"""Which keys of a company's tables do not hold the company: what a database that is split by company would ask for.

`tests/data/keys_without_company.txt` names them; docs/scaling.md says what follows. RENEW_KEYS=1 writes it anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db

NAMED = Path(__file__).parents[1] / "data" / "keys_without_company.txt"
COMPANY = "subscriptions_company"

UNIQUE = """
SELECT t.relname, i.relname, ARRAY(SELECT a.attname::text FROM unnest(x.indkey) AS key
                                     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = key)
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
  JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE x.indisunique AND n.nspname = 'public'
"""
REFERENCES = """
SELECT source.relname, target.relname, ARRAY(SELECT a.attname::text FROM unnest(c.conkey) AS key
                                               JOIN pg_attribute a ON a.attrelid = source.oid AND a.attnum = key)
  FROM pg_constraint c JOIN pg_class source ON source.oid = c.conrelid JOIN pg_class target ON target.oid = c.confrelid
 WHERE c.contype = 'f'
"""


def test_the_keys_that_do_not_hold_the_company_are_those_that_are_named():
    found = sorted(keys_without_company())
    if os.environ.get("RENEW_KEYS"):
        NAMED.write_text("".join(f"{line}\n" for line in found))
    named = NAMED.read_text().splitlines()
    assert found == named, (
        "A key or foreign key of a company's table was added or removed. Let it hold the company if it can; else run "
        "this test with RENEW_KEYS=1 and say in your commit why it cannot."
    )


def test_a_table_of_a_company_is_found_through_others():
    of_companies = tables_of_companies(references())
    assert {"subscriptions_attempt", "subscriptions_eventbody", "calls_call_tags"} <= of_companies
    assert "django_q_schedule" not in of_companies


def keys_without_company() -> set[str]:
    every_reference = references()
    holders = {(table, column) for table, target, (column, *_) in every_reference if target == COMPANY}
    of_companies = tables_of_companies(every_reference)
    found = {
        f"{table}: key {name} ({', '.join(sorted(columns))})"
        for table, name, columns in rows(UNIQUE)
        if table in of_companies and not any((table, column) in holders for column in columns)
    }
    for table, target, columns in every_reference:
        inside = table in of_companies and target in of_companies
        if inside and not any((table, column) in holders for column in columns):
            found.add(f"{table}: reference to {target} ({', '.join(sorted(columns))})")
    return found


def tables_of_companies(every_reference: list[tuple[str, str, list[str]]]) -> set[str]:
    """Those whose rows belong to one company: they refer to it, or to a table that does."""
    found = {COMPANY}
    while True:
        more = {table for table, target, _ in every_reference if target in found} - found
        if not more:
            return found - {COMPANY}
        found |= more


def references() -> list[tuple[str, str, list[str]]]:
    return rows(REFERENCES)


def rows(query: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()
