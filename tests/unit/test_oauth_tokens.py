"""What an answer of a token server says, and how long a token is used."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs

import pytest

from subscriptions.delivery.http.messages import Answer
from subscriptions.delivery.oauth import (
    ASSUMED_SECONDS,
    LEAST_SECONDS,
    LONGEST_SECONDS,
    Client,
    NoToken,
    Tokens,
    read_answer,
)

CLIENT = Client("https://login.example.com/token", "acme:id", "s3cret/+", "hooks write", "https://api.example.com")


def answer(said: object, status: int = 200, **more) -> Answer:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return Answer(status, [], body, more.pop("truncated", False), 5, **more)


def test_the_request_is_that_of_rfc_6749():
    request = CLIENT.request(user_agent="Callhooks/1", tenant=7)
    asked = {name: value for name, (value,) in parse_qs(request.body.decode()).items()}
    assert asked == {
        "grant_type": "client_credentials", "scope": "hooks write", "audience": "https://api.example.com"
    }  # fmt: skip
    login = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
    assert login == "acme%3Aid:s3cret%2F%2B"
    assert request.tenant == 7


def test_some_servers_want_the_secret_in_the_body():
    client = Client("https://login.example.com/token", "id", "s3cret", sends_in="body")
    request = client.request(user_agent="Callhooks/1", tenant=7)
    assert "Authorization" not in request.headers
    assert parse_qs(request.body.decode())["client_secret"] == ["s3cret"]


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(3600, 3600), ("3600", 3600), (None, ASSUMED_SECONDS), (0, ASSUMED_SECONDS), (-5, ASSUMED_SECONDS),
     (True, ASSUMED_SECONDS), ("soon", ASSUMED_SECONDS), (10**400, ASSUMED_SECONDS), (1e12, LONGEST_SECONDS)],
    ids=str,
)  # fmt: skip
def test_how_long_it_is_good_for(expires_in, seconds):
    said = {"access_token": "abc", "token_type": "bearer", "expires_in": expires_in}
    assert read_answer(answer(said), CLIENT) == ("abc", seconds)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (answer({"error": "invalid_client", "error_description": "secret s3cret"}, 401),
         "login.example.com: it answered 401 (invalid_client). Check the client id"),
        (answer({"error": "bad\nthing"}, 400), "it answered 400. Check"),
        (answer({"error": "unknown secret s3cret/+"}, 401), "it answered 401. Check"),
        (answer({"error": "unknown secret s3cret%2F%2B"}, 401), "it answered 401. Check"),
        (answer(b"<html>", 500), "it answered 500. Check"),
        (answer({}), "no access_token"),
        (answer([]), "no access_token"),
        (answer({"access_token": "two words"}), "no access_token"),
        (answer({"access_token": "a\r\nX: y"}), "no access_token"),
        (answer({"access_token": "x" * 9000}), "no access_token"),
        (answer({"access_token": "x"}, truncated=True), "no access_token"),
        (answer({"access_token": "x", "token_type": "mac"}), "another type than Bearer"),
        (answer(b"[" * 15_000), "no access_token"),
        (Answer(None, [], b"", False, 5, "timeout", "Timed out after 15 seconds."), "Timed out after 15 seconds."),
    ],
    ids=str,
)  # fmt: skip
def test_no_token_is_told_in_words_without_what_else_the_answer_said(given, words):
    with pytest.raises(NoToken) as told:
        read_answer(given, CLIENT)
    assert words in str(told.value)
    assert "s3cret" not in str(told.value)


def test_it_is_used_until_shortly_before_its_end_and_for_its_own_client_only():
    tokens = Tokens()
    tokens.keep(1, "stored", "abc", 3600, now=1000)
    assert tokens.get(1, "stored", 1000 + 3539) == "abc"
    assert tokens.get(1, "stored", 1000 + 3540) == ""
    assert tokens.get(1, "changed", 1000) == ""
    assert tokens.get(2, "stored", 1000) == ""
    tokens.keep(1, "stored", "abc", 10, now=1000)
    assert (tokens.get(1, "stored", 1008.9), tokens.get(1, "stored", 1009)) == ("abc", "")


def test_a_token_that_is_over_when_it_arrives_is_used_all_the_same():
    """Or the server that says so would be asked for the next one at once, and so on without end."""
    tokens = Tokens()
    tokens.keep(1, "stored", "abc", 1e-9, now=1000)
    assert tokens.get(1, "stored", 1000 + LEAST_SECONDS / 2) == "abc"
    assert tokens.get(1, "stored", 1000 + LEAST_SECONDS) == ""


def test_a_refused_token_is_dropped_but_not_the_one_that_came_since():
    tokens = Tokens()
    tokens.keep(1, "stored", "new", 3600, now=0)
    tokens.drop(1, "old")
    assert tokens.get(1, "stored", 1) == "new"
    tokens.drop(1, "new")
    assert tokens.get(1, "stored", 1) == ""


def test_what_is_stored_comes_back_and_shows_no_secret():
    assert Client.stored(CLIENT.as_text()) == CLIENT
    assert Client.stored("") is None
    assert "s3cret" not in repr(CLIENT)
