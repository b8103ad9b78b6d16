"""The receiver's HTTP side, over real sockets."""

import http.client
import socket

import pytest

from callhooks_site.devtools.receiver.server import LARGEST_BODY
from tests.support.demo_receiver import Terminal, records, running_receiver, signed, write_keys
from tests.support.waiting import PATIENCE, wait_until

BODY = b'{"resource_id":"CAL1","call_type":"missed"}'


@pytest.fixture
def receiver(tmp_path):
    write_keys(tmp_path)
    with running_receiver(tmp_path) as running:
        yield running


def raw(receiver, request: bytes, *, half_close=False) -> bytes:
    """Everything that is answered to these bytes, until the receiver closes."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def wait_for_line(terminal: Terminal, words: str) -> None:
    wait_until(lambda: words in terminal.getvalue())


def test_a_good_webhook_is_answered_200_on_any_path(receiver):
    for path in ("/", "/a/b?c=d&e", "/%F0%9F%91%8B"):
        assert receiver.post(BODY, signed(BODY), path) == (200, "good\n")
    assert [record["path"] for record in records(receiver.folder)] == ["/", "/a/b?c=d&e", "/%F0%9F%91%8B"]


def test_a_bad_signature_is_answered_400_with_the_reason(receiver):
    headers = signed(BODY) | {"Signature": "AAAA"}
    assert receiver.post(BODY, headers) == (400, "Signature does not match\n")


def test_without_keys_it_asks_to_come_again(tmp_path):
    with running_receiver(tmp_path) as receiver:
        assert receiver.post(BODY, signed(BODY)) == (
            503,
            "no keys to check with: demo.json is not there yet\n",
        )
        write_keys(tmp_path)
        assert receiver.post(BODY, signed(BODY))[0] == 200


def test_a_record_that_cannot_be_written_is_no_success(receiver):
    (receiver.folder / "receiver.jsonl").mkdir()
    assert receiver.post(BODY, signed(BODY))[0] == 500
    assert "cannot write" in receiver.terminal.getvalue()


def test_one_connection_carries_many_webhooks(receiver):
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=PATIENCE)
    connection.connect()
    first = connection.sock
    for number in range(20):
        connection.request("POST", "/", BODY, signed(BODY, webhook_id=f"evt_{number}"))
        answer = connection.getresponse()
        assert (answer.status, answer.version, answer.read()) == (200, 11, b"good\n")
        assert connection.sock is first, "the receiver closed the connection"
    connection.close()


def test_a_length_is_required(receiver):
    assert b" 411 " in raw(receiver, b"POST / HTTP/1.1\r\nHost: x\r\n\r\n").splitlines()[0]
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc"
    assert b" 411 " in raw(receiver, chunked).splitlines()[0]


@pytest.mark.parametrize("length", [b"-1", b"3x", b"", b"1" * 5000, b"\xb2"])
def test_a_length_must_be_a_number(receiver, length):
    answer = raw(receiver, b"POST / HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\nabc")
    assert b" 400 " in answer.splitlines()[0]


def test_two_different_lengths_are_refused(receiver):
    answer = raw(receiver, b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")
    assert b" 400 " in answer.splitlines()[0]


def test_a_body_may_not_be_too_large(receiver):
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGEST_BODY + 1}\r\n\r\n".encode()
    assert b" 413 " in raw(receiver, head).splitlines()[0]


def test_a_caller_that_hangs_up_early_is_noted_and_not_recorded(receiver):
    assert raw(receiver, b"POST / HTTP/1.1\r\nContent-Length: 300\r\n\r\n{", half_close=True) == b""
    wait_for_line(receiver.terminal, "hung up after 1 of 300 bytes")
    assert not (receiver.folder / "receiver.jsonl").exists()


def test_a_connection_that_is_reset_disturbs_nobody(receiver, capfd):
    reset = socket.create_connection(("127.0.0.1", receiver.port), timeout=PATIENCE)
    reset.sendall(b"POST / HTTP/1.1\r\nContent-Length: 300\r\n\r\n{")
    reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    reset.close()
    assert receiver.post(BODY, signed(BODY))[0] == 200
    assert capfd.readouterr() == ("", "")
    assert len(receiver.terminal.lines()) == 1, receiver.terminal.lines()


def test_what_is_no_http_is_refused_in_one_safe_line(receiver):
    raw(receiver, b"\x1b[2Jhello there you\r\n\r\n", half_close=True)
    wait_for_line(receiver.terminal, "refused: ")
    assert "\x1b" not in receiver.terminal.getvalue()


def test_a_browser_is_told_what_this_is(receiver):
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=PATIENCE)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert answer.status == 200
    assert b"demo receiver" in answer.read()
    connection.close()
