"""What the client puts on the wire."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from subscriptions.delivery.http.client import Client, Request
from tests.hostile.receivers import OK, Receiver, answering


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client(allowed_networks=["127.0.0.0/8"], user_agent="Callhooks/1.0")
    yield client
    client.close()


def test_a_request_is_what_was_asked_for_and_nothing_more(client: Client) -> None:
    with Receiver(answering(OK)) as receiver:
        answer = client.send(
            Request(receiver.url, {"Content-Type": "application/json", "X-Tenant": "ac\xe9"}, b'{"a":1}')
        )
        port = receiver.port
        assert receiver.requests == [
            (
                "POST /hook HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{port}\r\n"
                "User-Agent: Callhooks/1.0\r\n"
                "Accept: */*\r\n"
                "Accept-Encoding: identity\r\n"
                "Content-Type: application/json\r\n"
                "X-Tenant: ac\xe9\r\n"
                "Content-Length: 7\r\n"
                "\r\n"
                '{"a":1}'
            ).encode("latin-1")
        ]
    assert (answer.status, answer.headers, answer.body, answer.truncated) == (
        200,
        [("Content-Length", "2")],
        b"ok",
        False,
    )
    assert (answer.error, answer.message) == ("", "")


def test_path_and_query_arrive_byte_for_byte(client: Client) -> None:
    path = "/a/../b/./c//d?q=%2f%2F%zz&list[]=1&x={|}^`\\&empty&plus=+"
    with Receiver(answering(OK)) as receiver:
        client.send(Request(f"http://127.0.0.1:{receiver.port}{path}#fragment", {}, b""))
        assert receiver.requests[0].startswith(f"POST {path} HTTP/1.1\r\n".encode())


def test_the_callers_user_agent_wins_in_any_case(client: Client) -> None:
    with Receiver(answering(OK)) as receiver:
        client.send(Request(receiver.url, {"user-agent": "Other/2"}, b""))
        assert receiver.requests[0].lower().count(b"user-agent:") == 1
        assert b"user-agent: Other/2\r\n" in receiver.requests[0]


def test_headers_without_a_value_and_bodies_without_a_type_go_out_as_they_are(client: Client) -> None:
    with Receiver(answering(OK)) as receiver:
        client.send(Request(receiver.url, {"X-Empty": "", "X-Blank": " "}, b""))
        head = receiver.requests[0].lower()
        assert b"\r\nx-empty:\r\nx-blank:\r\n" in head
        assert b"\r\ncontent-length: 0\r\n" in head
        assert b"content-type" not in head
        assert b"expect" not in head


def test_a_large_body_arrives_whole(client: Client) -> None:
    body = bytes(range(256)) * 20_000
    with Receiver(answering(OK)) as receiver:
        assert client.send(Request(receiver.url, {}, body)).status == 200
        assert receiver.requests[0].endswith(body)


@pytest.mark.parametrize("reads_on", [True, False], ids=["reads on", "hangs up"])
def test_an_early_answer_to_a_large_body_is_read(reads_on: bool, client: Client) -> None:
    """A server may say 413 and close while we are still writing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(1000)
                sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                sock.shutdown(socket.SHUT_WR)
                while reads_on and sock.recv(1 << 20):
                    pass

        thread = threading.Thread(target=refuse)
        thread.start()
        answer = client.send(Request(f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, b"a" * 5_000_000))
        thread.join(10)
    assert answer.status == 413


def test_secrets_stay_out_of_repr() -> None:
    request = Request("https://example.com/", {"Authorization": "Bearer hunter2"}, b"secret body")
    assert "hunter2" not in repr(request)
    assert "secret" not in repr(request)


def test_a_fault_in_the_client_itself_is_an_answer_too(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.send(Request("https://hooks.example.com/?token=hunter2", {}, None))  # type: ignore[arg-type]
    assert answer.error == "internal"
    assert "hunter2" not in caplog.text
    assert len(caplog.records) == 1


def test_dialling_sends_nothing(client: Client) -> None:
    with Receiver(answering(OK)) as receiver:
        assert client.dial(receiver.url).error == ""
        assert receiver.requests == []
    assert client.dial("http://10.0.0.1/").error == "refused_address"


def test_a_fault_in_the_loop_leaves_nobody_waiting(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("seen")

    with Receiver(answering(OK)) as receiver:
        with monkeypatch.context() as patch:
            patch.setattr(client._loop, "_register", broken)
            with pytest.raises(RuntimeError, match="seen"):
                client.send(Request(receiver.url, {}, b""))
        assert client.send(Request(receiver.url, {}, b"")).status == 200
