"""Every answer of the table comes to an Answer that can be stored and shown, from a real socket."""

from __future__ import annotations

import re
import socket

import pytest

from subscriptions.delivery.http.client import Answer, Client, Request

from .cases import ReplyCase
from .receivers import OK, Receiver, answering
from .reply_cases import CASES, KEPT

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def assert_storable(answer: Answer) -> None:
    """What PostgreSQL and a page can take, and no more than was asked for."""
    texts = [answer.error, answer.message, *(text for header in answer.headers for text in header)]
    for text in texts:
        assert not CONTROLS.search(text)
        text.encode("utf-8")
    assert len(answer.body) <= KEPT
    assert len(answer.headers) <= 100
    assert sum(len(name) + len(value) for name, value in answer.headers) <= 64 * 1024
    assert (answer.status is None) == bool(answer.error)
    assert answer.status is None or 200 <= answer.status <= 599
    assert re.fullmatch("[a-z_]{0,40}", answer.error)
    assert answer.duration_ms >= 0


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_becomes_an_answer(case: ReplyCase, client: Client) -> None:
    with Receiver(answering(case.reply, then=case.then)) as receiver:
        answer = client.send(Request(receiver.url, {"Content-Type": "application/json"}, b"{}"))

        assert_storable(answer)
        assert (answer.status, answer.error) == (case.status, case.error)
        assert len(receiver.requests) == 1
        if case.error:
            assert answer.message.endswith(".")
        if case.body is not None:
            assert answer.body == case.body
        if case.truncated is not None:
            assert answer.truncated == case.truncated
        if case.kind == "large body":
            assert answer.message == "", "it is we who stopped reading"

        # Whatever came, the next request to the same place gets its own answer.
        receiver.script = answering(OK, then="keep")
        assert client.send(Request(receiver.url, {}, b"{}")).body == b"ok"


def test_a_redirect_is_not_followed_and_says_so(client: Client) -> None:
    with Receiver(answering(OK)) as elsewhere:
        reply = f"HTTP/1.1 302 Found\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with Receiver(answering(reply)) as receiver:
            answer = client.send(Request(receiver.url, {}, b"{}"))
        assert answer.status == 302
        assert "redirects are not followed" in answer.message
        assert elsewhere.connections == 0


def test_a_body_that_broke_off_says_so_and_its_status_still_counts(client: Client) -> None:
    with Receiver(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok")) as receiver:
        answer = client.send(Request(receiver.url, {}, b"{}"))
    assert (answer.status, answer.error, answer.truncated) == (200, "", True)
    assert "broke off" in answer.message


# What comes first, and what then comes without end.
FLOODS = {
    "chunk extension": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"a" * 65536),
    "tiny chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        (b"1;" + b"e" * 15000 + b"\r\na\r\n") * 4,
    ),
    "trailers": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        (b"X: " + b"e" * 15000 + b"\r\n") * 4,
    ),
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 65536),
    "header": (b"HTTP/1.1 200 OK\r\nX: ", b"a" * 65536),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
}


@pytest.mark.parametrize(("prelude", "flood"), FLOODS.values(), ids=FLOODS)
def test_a_flood_ends_when_it_is_too_much(prelude: bytes, flood: bytes, client: Client) -> None:
    """However fast it comes, and not only at the deadline."""
    sent = 0

    def script(sock: socket.socket, request: bytes) -> None:
        nonlocal sent
        sock.sendall(prelude)
        while True:
            sent += sock.send(flood)

    with Receiver(script) as receiver:
        answer = client.send(Request(receiver.url, {}, b"{}"))
    assert_storable(answer)
    assert (answer.status, answer.truncated) == (200, True) or answer.error == "bad_response"
    assert sent < 64 * 1024 * 1024
