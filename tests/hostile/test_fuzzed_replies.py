"""Random and mangled answers: always an Answer that can be stored, and none that is waited for in vain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscriptions.delivery.http.client import Client, Request
from tests.support.examples import examples
from tests.support.waiting import PATIENCE

from .receivers import Receiver, answering
from .reply_cases import CASES
from .test_replies import assert_storable

_LINE = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.0 204 \r\n",
        b"HTTP/1.1 999 X\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: keep-alive\r\n",
        b"Connection: close\r\n",
        b"X: \xff\x00\x1b\r\n",
        b": \r\n",
        b" folded\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"5\r\nhello\r\n",
        b"ffffffff\r\n",
        b"0\r\n\r\n",
        b"a" * 20000,
    ]
)
_GRAMMAR = st.lists(st.one_of(_LINE, st.binary(max_size=20)), max_size=30).map(b"".join)


@st.composite
def _mangled(draw: st.DrawFn) -> bytes:
    reply = bytearray(draw(st.sampled_from(CASES)).reply[:4096])
    for _ in range(draw(st.integers(0, 5))):
        if reply:
            reply[draw(st.integers(0, len(reply) - 1))] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(reply)))
    return bytes(reply[:cut]) if draw(st.booleans()) else bytes(reply)


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Client, Receiver]]:
    client = Client(allowed_networks=["127.0.0.0/8"], connect_timeout=PATIENCE, total_timeout=PATIENCE)
    with Receiver(answering(b"")) as receiver:
        yield client, receiver
        client.close()


@pytest.mark.parametrize(
    "replies", [st.binary(max_size=4096), _GRAMMAR, _mangled()], ids=["bytes", "grammar", "mangled"]
)
def test_any_bytes_become_an_answer(replies: st.SearchStrategy[bytes], pair: tuple[Client, Receiver]) -> None:
    client, receiver = pair

    @settings(max_examples=examples(150), deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(reply=replies, then=st.sampled_from(["close", "close", "reset"]))
    def check(reply: bytes, then: str) -> None:
        receiver.script = answering(reply, then=then)
        answer = client.send(Request(receiver.url, {}, b"{}"))
        assert_storable(answer)
        assert answer.error in ("", "bad_response", "reset")

    check()
