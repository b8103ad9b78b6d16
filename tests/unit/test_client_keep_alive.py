"""Connections that are used again: when, how many, and what happens to one that the server closed."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from subscriptions.delivery.http import loop
from subscriptions.delivery.http.client import Client, Request
from tests.hostile.receivers import OK, Receiver, answering, reset
from tests.support.waiting import wait_until


@pytest.fixture
def make_client() -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def make(**options: Any) -> Client:
        clients.append(Client(**({"allowed_networks": ["127.0.0.0/8"]} | options)))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client()


def _send(client: Client, receiver: Receiver) -> int | None:
    return client.send(Request(receiver.url, {}, b"{}")).status


def test_one_connection_serves_request_after_request(client: Client) -> None:
    with Receiver(answering(OK, then="keep")) as receiver:
        assert [_send(client, receiver) for _ in range(20)] == [200] * 20
        assert receiver.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nConnection: x, CLOSE\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nrubbish\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX Y: 1\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding : chunked\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Smuggled\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"a" * 20000,
    ],
)
def test_a_connection_is_not_used_again_when_its_end_is_in_doubt(reply: bytes, client: Client) -> None:
    with Receiver(answering(reply, then="keep")) as receiver:
        if b"\r\n\r\nokk" in reply:
            receiver.script = answering(reply)  # without a length that is sure, the body ends with the connection
        assert _send(client, receiver) == 200
        receiver.script = answering(OK, then="keep")
        assert _send(client, receiver) == 200
        assert receiver.connections == 2


@pytest.mark.parametrize("size", [0, 1, 16384, 65536])
def test_a_body_that_is_read_to_its_end_frees_the_connection(size: int, client: Client) -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"a" * size
    with Receiver(answering(reply, then="keep")) as receiver:
        assert [_send(client, receiver), _send(client, receiver)] == [200, 200]
        assert receiver.connections == 1


def test_a_chunked_body_frees_the_connection(client: Client) -> None:
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    with Receiver(answering(reply, then="keep")) as receiver:
        assert [_send(client, receiver), _send(client, receiver)] == [200, 200]
        assert receiver.connections == 1


@pytest.mark.parametrize("how", [socket.socket.close, reset], ids=["closed", "reset"])
def test_a_request_on_a_connection_that_the_server_gave_up_is_sent_once_more(
    how: Callable[[socket.socket], None], client: Client
) -> None:
    """The server closes just as we write: it reads the second request and answers not a byte."""
    calls = 0

    def script(sock: socket.socket, request: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            how(sock)
        else:
            sock.sendall(OK)

    with Receiver(script) as receiver:
        assert _send(client, receiver) == 200
        assert _send(client, receiver) == 200
        assert calls == 3
        assert receiver.connections == 2


def test_a_new_connection_that_is_closed_without_an_answer_is_not_tried_again(client: Client) -> None:
    with Receiver(answering(b"")) as receiver:
        answer = client.send(Request(receiver.url, {}, b""))
        assert (answer.error, len(receiver.requests)) == ("reset", 1)


def test_it_is_sent_once_more_only_once(client: Client) -> None:
    with Receiver(answering(OK, then="keep")) as receiver:
        assert _send(client, receiver) == 200
        receiver.script = answering(b"", then="reset")
        assert client.send(Request(receiver.url, {}, b"")).error == "reset"
        assert len(receiver.requests) == 3


@pytest.mark.parametrize("then", ["close", "reset"])
def test_a_line_of_an_answer_forbids_another_try(then: str, client: Client) -> None:
    """Less than a line is nothing to libcurl: then the request is sent once more."""
    with Receiver(answering(OK, then="keep")) as receiver:
        assert _send(client, receiver) == 200
        receiver.script = answering(b"HTTP/1.1 200 OK\r\n", then=then)
        assert client.send(Request(receiver.url, {}, b"")).error in ("bad_response", "reset")
        assert len(receiver.requests) == 2


def test_silence_on_a_kept_connection_is_a_timeout_and_no_reason_to_try_again(
    make_client: Callable[..., Client],
) -> None:
    client = make_client(total_timeout=0.5)
    with Receiver(answering(OK, then="keep")) as receiver:
        assert _send(client, receiver) == 200
        receiver.script = lambda sock, request: None
        assert client.send(Request(receiver.url, {}, b"")).error == "timeout"
        assert len(receiver.requests) == 2


def test_a_connection_that_was_closed_while_idle_is_noticed_before_writing(client: Client) -> None:
    closed = threading.Event()

    def script(sock: socket.socket, request: bytes) -> None:
        sock.sendall(OK)
        sock.close()
        closed.set()

    with Receiver(script) as receiver:
        assert _send(client, receiver) == 200
        assert closed.wait(10)
        receiver.script = answering(OK, then="keep")
        assert _send(client, receiver) == 200
        assert len(receiver.requests) == 2


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_one(client: Client) -> None:
    sent = threading.Event()
    connections: list[socket.socket] = []

    def script(sock: socket.socket, request: bytes) -> None:
        connections.append(sock)
        sock.sendall(OK)

    with Receiver(script) as receiver:
        assert _send(client, receiver) == 200
        connections[0].sendall(b"HTTP/1.1 500 Poisoned\r\nContent-Length: 0\r\n\r\n")
        sent.set()
        assert _send(client, receiver) == 200
        assert receiver.connections == 2


def test_kept_connections_are_limited(make_client: Callable[..., Client]) -> None:
    """To twice what may be under way; the one that was unused for longest is closed first."""
    client = make_client(in_flight=1)
    with (
        Receiver(answering(OK, then="keep")) as one,
        Receiver(answering(OK, then="keep")) as two,
        Receiver(answering(OK, then="keep")) as three,
    ):
        for receiver in (one, two, three, three, two, one):
            assert _send(client, receiver) == 200
        assert [receiver.connections for receiver in (one, two, three)] == [2, 1, 1]


@pytest.mark.parametrize("limit", ["MAX_AGE", "MAX_IDLE"])
def test_old_connections_are_not_used(
    limit: str, make_client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, limit, 1)
    client = make_client()
    with Receiver(answering(OK, then="keep")) as receiver:
        assert _send(client, receiver) == 200
        assert _send(client, receiver) == 200
        assert receiver.connections == 1
        pause = threading.Event()

        def is_new() -> bool:
            pause.wait(1.5 if limit == "MAX_IDLE" else 0.1)
            return client.send(Request(receiver.url, {}, b"{}")).connected

        wait_until(is_new)
        assert receiver.connections == 2


def test_a_closed_client_keeps_nothing(client: Client) -> None:
    with Receiver(answering(OK, then="keep")) as receiver:
        assert _send(client, receiver) == 200
        client.close()
        assert _send(client, receiver) == 200
        assert receiver.connections == 2


def test_many_threads_share_a_client(client: Client) -> None:
    """Each answer belongs to its request: the receiver echoes the body."""

    def echo(sock: socket.socket, request: bytes) -> None:
        body = request.partition(b"\r\n\r\n")[2]
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    wrong: list[bytes] = []

    def run(number: int) -> None:
        for turn in range(30):
            body = f"{number}/{turn}".encode()
            if client.send(Request(receiver.url, {}, body)).body != body:
                wrong.append(body)

    with Receiver(echo) as receiver:
        threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert wrong == []
        assert len(receiver.requests) == 240
        assert receiver.connections < 100


def test_a_child_process_opens_its_own_connections(client: Client) -> None:
    with Receiver(answering(OK, then="keep")) as receiver:
        assert _send(client, receiver) == 200
        child = os.fork()
        if child == 0:
            os._exit(0 if _send(client, receiver) == 200 else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert _send(client, receiver) == 200
        assert receiver.connections == 2
