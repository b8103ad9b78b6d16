"""Array literals made by hand arrive in PostgreSQL as the values they were made of."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from subscriptions.delivery.outbox.arrays import blobs, booleans, numbers, pairs, texts, uuids
from subscriptions.delivery.outbox.cursors import bound_cursor, forget_plans

pytestmark = pytest.mark.django_db

NASTY = [
    "",
    "plain",
    'a "quoted" one',
    "back\\slash",
    r"\x41 \n",
    "{braces}, and, commas",
    "NULL",
    " blanks ",
    "☎ é\t\n",
]
IDS = [UUID(int=0), UUID("0190f3a0-1111-7222-8333-444455556666")]


@pytest.mark.parametrize(
    ("literal", "kind", "values"),
    [
        (numbers([1, None, -5, 2**40]), "bigint", [1, None, -5, 2**40]),
        (numbers([0.1, 1e-9, 1e300]), "float8", [0.1, 1e-9, 1e300]),
        (booleans([True, False]), "bool", [True, False]),
        (uuids(IDS), "uuid", IDS),
        (texts(NASTY), "text", NASTY),
        (blobs([b"", b'\x00\xff\\"{},', b"NULL"]), "bytea", [b"", b'\x00\xff\\"{},', b"NULL"]),
        (numbers([]), "int", []),
        (texts([]), "text", []),
    ],
)
def test_it_arrives_as_it_was(literal: str, kind: str, values: list[Any]):
    with bound_cursor() as cursor:
        (came,) = cursor.execute(f"SELECT %s::{kind}[]", [literal]).fetchone()
    assert came == values


def test_json_in_a_text_array_is_the_same_json():
    with bound_cursor() as cursor:
        literal = texts(['[["a", "\\"\\\\ \\u260e"]]'])
        (came,) = cursor.execute("SELECT (%s::jsonb[])[1]", [literal]).fetchone()
    assert came == [["a", '"\\ ☎']]


def test_headers_arrive_as_lists_of_pairs():
    headers = [[("Server", 'ngi"nx\\ ☎'), ("Via", "{a,b}")], [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], []]
    with bound_cursor() as cursor:
        (came,) = cursor.execute("SELECT %s::jsonb[]", [pairs(headers)]).fetchone()
    assert came == [[list(pair) for pair in one] for one in headers]


def test_the_outboxs_statements_are_prepared_and_no_others():
    with bound_cursor() as cursor:
        cursor.execute("SELECT %s + 4711", [1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s + 4712", [1])
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%%471_'")
        assert cursor.fetchall() == [("SELECT $1 + 4711",)]
    forget_plans()
