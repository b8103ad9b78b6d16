"""A number and an address are found in whatever notation, and nothing that only looks like them."""

from __future__ import annotations

import re

import pytest

from callhooks_site.privacy.contacts import REDACTED, Contacts

AMERICAN = Contacts.of(["+12145550123"], ["Ann.Lee@Example.com"])
BRITISH = Contacts.of(["+442079460123"], [])

FOUND = [
    "+12145550123",
    "2145550123",
    "(214) 555-0123",
    "214.555.0123",
    "1-214-555-0123",
    "+1 (214) 555 0123",
    "tel:+1-214-555-0123",
    "%2B12145550123",
    "q=214%20555%200123&x=1",
    "sip:+12145550123@example.com",
    "From=%2B1%20%28214%29%20555-0123",
    "\\u002b12145550123",
    "214\u00a0555\u20110123",
    '{"phone":"2145550123"}',
    "call 12145550123, please",
    "00 1 214 555 0123",
    "ann.lee@example.com",
    "ANN.LEE@EXAMPLE.COM.",
    "mail=ann.lee%40example.com&",
    "<ann.lee@example.com>",
    "x%3Aann.lee%40example.com",
]
OTHERS = [
    "+12145550124",
    "92145550123",
    "21455501234",
    "+492145550123",
    "+49 214 555 0123",
    "214 calls, 555 texts, 0123",
    "214|555|0123",
    "joann.lee@example.com",
    "ann.lee@example.com.au",
    "ann.lee@example.comm",
    "annxlee@example.com",
    "",
]


@pytest.mark.parametrize("text", FOUND)
def test_it_is_found(text):
    assert AMERICAN.are_in(text)
    assert AMERICAN.are_in({"deep": [{"in": text}]})
    assert AMERICAN.are_in(text.encode())
    redacted = AMERICAN.redact(text)
    assert REDACTED in redacted
    assert not AMERICAN.are_in(redacted)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_nearly_the_same_is_left(text):
    assert not AMERICAN.are_in(text)
    assert AMERICAN.redact({"a": [text]}) == {"a": [text]}


@pytest.mark.parametrize(
    "text", ["020 7946 0123", "+44 (0)20 7946 0123", "00442079460123", "(020) 79460123", "+442079460123"]
)
def test_national_notations_of_other_countries(text):
    assert BRITISH.redact(f"a {text}, b") == f"a {REDACTED}, b"


def test_numbers_of_json_are_found():
    assert AMERICAN.redact({"phone": 2145550123, "n": 7, "yes": True}) == {"phone": REDACTED, "n": 7, "yes": True}
    assert AMERICAN.redact({"2145550123": "x"}) == {REDACTED: "x"}


@pytest.mark.parametrize("text", FOUND)
def test_the_databases_pattern_finds_at_least_as_much(text):
    """PostgreSQL only says where to look closely. Its regular expressions are close enough to Python's to ask here."""
    assert re.search(AMERICAN.sql_pattern, text, re.I)


@pytest.mark.parametrize("number", ["+2902026", "+24740123", "+298202612"])
def test_a_short_number_is_found_with_its_country_only(number):
    """Or a caller from Saint Helena could have every webhook of a year erased."""
    short = Contacts.of([number], [])
    code, national = number[1:4], number[4:]
    for text in (f"{national}-11-30T10:00:00Z", f"order {national}", f"$ {national}.00", f"0{national}"):
        assert not short.are_in(text), text
        assert not re.search(short.sql_pattern, text, re.I), text
    for text in (
        number,
        f"00{code} {national}",
        f"%2B{code}{national}",
        f"+{code} (0) {national}",
        f"({code}) {national[:2]} {national[2:]}",
    ):
        assert short.are_in(text), text
        assert re.search(short.sql_pattern, text, re.I), text
