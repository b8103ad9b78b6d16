"""What a receiver sends without being asked is nobody's answer: not the next request's, not another company's."""

from __future__ import annotations

import socket
import threading

import pycurl
import pytest

from subscriptions.delivery.http.client import Client, Request

from .receivers import OK, Receiver

FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"  # 38 bytes
HONEST = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
LATER = 0.03  # seconds

# What a receiver answers first. The forged answer comes right behind it, or later: when the next request is under way.
ANNOUNCED = {
    "204 with a length": b"HTTP/1.1 204 No Content\r\nContent-Length: 38\r\n\r\n",
    "304 with a length": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 38\r\n\r\n",
    "204 in chunks": b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
    "two lengths": b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nContent-Length: 38\r\n\r\n",
}
SILENT = {
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "200": OK,
    "200 and an interim answer": OK + b"HTTP/1.1 100 Continue\r\n\r\n",
}
BAITS = ANNOUNCED | SILENT


class Forger:
    """Answers the first request with a bait and a forged answer, all others honestly."""

    def __init__(self, bait: bytes, later: float) -> None:
        self._bait, self._later = bait, later
        self._pause = threading.Event()

    def __call__(self, sock: socket.socket, request: bytes) -> None:
        if not request.endswith(b"first"):
            sock.sendall(HONEST)
        elif self._later:
            sock.sendall(self._bait)
            self._pause.wait(self._later)
            sock.sendall(FORGED)
        else:
            sock.sendall(self._bait + FORGED)


# Whose requests they are, the bait, and when the forged answer comes. What a company's receiver sends unannounced while
# a request of that company is under way is its answer, as far as anybody can tell.
CASES = [
    *(("two companies", bait, later) for bait in BAITS for later in (0.0, LATER)),
    *(("one company", bait, 0.0) for bait in BAITS),
    *(("one company", bait, LATER) for bait in ANNOUNCED),
]


@pytest.mark.parametrize(("whose", "bait", "later"), CASES, ids=str)
def test_the_next_request_gets_its_own_answer(whose: str, bait: str, later: float, client: Client) -> None:
    with Receiver(Forger(BAITS[bait], later)) as receiver:
        statuses = [
            client.send(Request(receiver.url, {}, body, tenant=tenant)).status
            for body, tenant in ((b"first", 1), (b"second", 2 if whose == "two companies" else 1))
        ]
        assert statuses[0] in (200, 204, 304)
        assert statuses[1] == 500
        assert receiver.connections == 2


@pytest.mark.parametrize("bait", ["204 with a length", "204"])
def test_without_these_rules_the_forged_answer_counts(bait: str) -> None:
    """That the attack is one: libcurl alone keeps the connection, and takes what comes on it."""
    plain = pycurl.Curl()
    with Receiver(Forger(BAITS[bait], LATER)) as receiver:
        for option, value in ((pycurl.URL, receiver.url), (pycurl.PROXY, ""), (pycurl.WRITEFUNCTION, lambda _: None)):
            plain.setopt(option, value)
        statuses = []
        for body in (b"first", b"2"):
            plain.setopt(pycurl.POSTFIELDS, body)
            plain.perform()
            statuses.append(plain.getinfo(pycurl.RESPONSE_CODE))
        plain.close()
    assert statuses == [204, 200]


def test_companies_share_no_connection_in_any_order(client: Client) -> None:
    with Receiver(lambda sock, request: sock.sendall(OK)) as receiver:
        for tenant in (1, 2, 3, 2, 1, 3, 3, 1):
            assert client.send(Request(receiver.url, {}, b"", tenant=tenant)).body == b"ok"
        assert receiver.connections == 3
