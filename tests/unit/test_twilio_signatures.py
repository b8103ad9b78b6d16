"""Signatures as Twilio's own library makes them, against our check of them."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from callhooks_site.intake.providers.signature import compute, is_signed

TOKEN = "0123456789abcdef0123456789abcdef"
URL = "https://hooks.example.com/in/key/voice"

words = st.text(max_size=12)
pairs = st.lists(st.tuples(st.text(min_size=1, max_size=8), words), max_size=8)


class Several(dict):
    """A form as frameworks have it: a name may have several values."""

    def getlist(self, name):
        return self[name]


def form(fields):
    found = Several()
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def signed(fields, *, url=URL, token=TOKEN):
    return RequestValidator(token).compute_signature(url, form(fields))


def checked(signature, fields=(), *, url=URL, tokens=(TOKEN,), body=b"x=y", is_form=True):
    return is_signed(signature, tokens=tokens, url=url, parameters=fields, body=body, form=is_form)


@given(pairs)
def test_every_form_is_signed_as_twilio_s_library_does(fields):
    """Blank values, repeated names, any script, in any order."""
    assert compute(TOKEN, URL, fields) == signed(fields)
    assert checked(signed(fields), list(reversed(fields)))


@given(pairs, pairs)
def test_another_form_is_not(fields, others):
    same = {name: set(values) for name, values in form(fields).items()} == {
        name: set(values) for name, values in form(others).items()
    }
    text = "".join(name + value for name in sorted(form(fields)) for value in sorted(set(form(fields)[name])))
    other = "".join(name + value for name in sorted(form(others)) for value in sorted(set(form(others)[name])))
    assert checked(signed(fields), others) is (same or text == other)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("https://hooks.example.com:443/in/key/voice", URL),
        (URL, "https://hooks.example.com:443/in/key/voice"),
        ("http://127.0.0.1:80/in/key/voice", "http://127.0.0.1/in/key/voice"),
        ("http://127.0.0.1/in/key/voice", "http://127.0.0.1:8000/in/key/voice"),
        ("http://[::1]/in/key/voice", "http://[::1]:8000/in/key/voice"),
        (URL + "?next=https%3A%2F%2Fexample.com%2F", URL + "?next=https%3A%2F%2Fexample.com%2F"),
    ],
)
def test_with_the_port_and_without(theirs, ours):
    fields = [("CallSid", "CA1")]
    assert checked(signed(fields, url=theirs), fields, url=ours)


def test_the_query_is_signed():
    fields = [("CallSid", "CA1")]
    assert not checked(signed(fields, url=URL + "?next=https://example.com/"), fields, url=URL + "?next=https://evil/")


def test_one_token_of_two_is_enough_and_none_is_none():
    fields = [("CallSid", "CA1")]
    assert checked(signed(fields), fields, tokens=("new" * 10, TOKEN))
    assert not checked(signed(fields), fields, tokens=("new" * 10,))
    assert not checked("", fields)
    assert not checked("é" * 28, fields)


def test_json_is_signed_by_its_hash():
    body = b'{"CallSid":"CA1"}'
    url = f"{URL}?bodySHA256={sha256(body).hexdigest()}"
    good = RequestValidator(TOKEN).compute_signature(url, {})
    assert RequestValidator(TOKEN).validate(url, body.decode(), good)
    assert checked(good, url=url, body=body, is_form=False)
    assert not checked(good, url=url, body=body + b" ", is_form=False)
    bare = RequestValidator(TOKEN).compute_signature(URL, {})
    assert not checked(bare, body=body, is_form=False), "a body that nobody signed"
