"""No receiver holds a sender past the deadline: hundreds that drip in each phase all let go in time."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pycurl
import pytest

from subscriptions.delivery.http.client import Answer, Client, Request
from subscriptions.delivery.http.loop import Loop
from tests.support.waiting import PATIENCE, wait_until

from .receivers import Dripper

TOTAL = 1.0
# A sender that is held stays for as long as the receiver drips, which is for as long as the test runs.
SLACK = PATIENCE

TLS_RECORD = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc\x03\x03"  # a ServerHello that announces 16 KB


@dataclass(frozen=True)
class Drip:
    """What a connection gets at once, what then comes byte by byte, and what the sender must have in the end."""

    kind: str
    prelude: bytes
    drip: bytes
    error: str = "timeout"
    scheme: str = "http"
    size: int = 2

    def __str__(self) -> str:
        return self.kind


DRIPS = [
    Drip("nothing at all", b"", b""),
    Drip("status line", b"", b"HTTP/1.1 200 " + b"O" * 1000),
    Drip("headers", b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    Drip("one long header", b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    Drip("100-continue", b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    Drip("body", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a", error=""),
    Drip("body without a length", b"HTTP/1.1 200 OK\r\n\r\n", b"a", error=""),
    Drip("chunk size", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0", error=""),
    Drip("chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", error=""),
    Drip("trailers", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", error=""),
    Drip("TLS handshake", TLS_RECORD, b"\0", error="connect_timeout", scheme="https"),
    Drip("silent TLS handshake", b"", b"", error="connect_timeout", scheme="https"),
]


def _timed(client: Client, request: Request) -> tuple[float, Answer]:
    started = time.monotonic()
    answer = client.send(request)
    return time.monotonic() - started, answer


@pytest.mark.parametrize("drip", DRIPS, ids=str)
def test_each_kind_of_dripping_ends_at_the_deadline(drip: Drip, make_client: Callable[..., Client]) -> None:
    deadline = 0.3 if drip.error else 1.0  # whose status comes must have the time for it, on a busy machine too
    client = make_client(connect_timeout=deadline, total_timeout=deadline)
    # Fewer bytes until then than libcurl reads of a chunk's size, 16: behind these it ends by itself.
    with Dripper(drip.prelude, drip.drip, tick=0.08) as dripper:
        elapsed, answer = _timed(client, Request(f"{drip.scheme}://127.0.0.1:{dripper.port}/", {}, b"{}"))
    assert answer.error == drip.error
    assert (answer.status == 200) == (drip.error == "")
    assert answer.truncated == (drip.error == "")
    assert deadline - 0.1 < elapsed < deadline + SLACK
    if drip.error:
        assert "0.3 s" in answer.message


def test_hundreds_of_drippers_free_their_threads_at_the_deadline(make_client: Callable[..., Client]) -> None:
    each = 25
    client = make_client(connect_timeout=TOTAL, total_timeout=TOTAL)
    done: list[tuple[float, Answer, Drip]] = []
    with contextlib.ExitStack() as stack:
        threads = []
        for drip in DRIPS:
            if not drip.drip:
                continue
            dripper = stack.enter_context(Dripper(drip.prelude, drip.drip, tick=0.3))
            request = Request(f"{drip.scheme}://127.0.0.1:{dripper.port}/", {}, b"{}")

            def run(request: Request = request, drip: Drip = drip) -> None:
                done.append((*_timed(client, request), drip))

            threads += [threading.Thread(target=run, daemon=True) for _ in range(each)]
        assert len(threads) == 250
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TOTAL + SLACK)
        assert not any(thread.is_alive() for thread in threads)
    assert len(done) == 250
    for elapsed, answer, drip in done:
        assert answer.error in (drip.error, "timeout", "connect_timeout"), drip
        assert elapsed < TOTAL + SLACK


def test_a_receiver_that_does_not_read_ends_at_the_deadline(make_client: Callable[..., Client]) -> None:
    client = make_client(total_timeout=0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        elapsed, answer = _timed(client, Request(url, {}, b"a" * 50_000_000))
    assert answer.error == "timeout"
    assert elapsed < 0.5 + SLACK


def test_a_full_backlog_ends_at_the_connect_timeout(make_client: Callable[..., Client]) -> None:
    client = make_client(connect_timeout=0.5, total_timeout=1.0)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        elapsed, answer = _timed(client, Request(f"http://127.0.0.1:{listener.getsockname()[1]}/", {}, b""))
    assert answer.error in ("connect_timeout", "timeout")  # the second where the system takes it all the same
    assert elapsed < 1.0 + SLACK


@pytest.mark.parametrize("answers", [["127.0.0.1"], []], ids=["late answer", "late failure"])
def test_a_resolver_that_hangs_holds_no_sender(answers: list[str], make_client: Callable[..., Client]) -> None:
    hang = threading.Event()

    def resolve(name: str) -> list[str]:
        hang.wait(2 * PATIENCE)
        return answers

    client = make_client(connect_timeout=0.4, resolve=resolve)
    try:
        elapsed, answer = _timed(client, Request("https://hooks.example.com/", {}, b""))
    finally:
        hang.set()
    assert answer.error == "dns_timeout"
    assert "0.4 s" in answer.message
    assert elapsed < 0.4 + SLACK


def test_lookups_of_one_name_share_a_thread_and_many_names_are_limited(make_client: Callable[..., Client]) -> None:
    hang = threading.Event()
    asked: list[str] = []

    def resolve(name: str) -> list[str]:
        asked.append(name)
        hang.wait(2 * PATIENCE)
        return []

    client = make_client(connect_timeout=1.0, resolve=resolve)
    same = [Request("https://hooks.example.com/", {}, b"", tenant=tenant) for tenant in range(20)]
    different = [Request(f"https://h{n}.example.com/", {}, b"", tenant=n) for n in range(100)]
    try:
        with ThreadPoolExecutor(len(different)) as threads:
            assert {answer.error for answer in threads.map(client.send, same)} == {"dns_timeout"}
            assert asked == ["hooks.example.com"]
            answers = list(threads.map(client.send, different))
        # What is short is our own: it is no fault of the names.
        assert Counter(answer.error for answer in answers) == {"dns_timeout": 63, "shortage": 37}
        wait_until(lambda: len(asked) == 64)
    finally:
        hang.set()


def test_a_request_whose_time_was_up_before_it_had_a_connection_says_so() -> None:
    loop = Loop(connect_timeout=0.01, total_timeout=PATIENCE)
    try:
        loop.start("first", Request("https://hooks.example.com/", {}, b""))
        (transfer,) = loop._under_way
        # What libcurl says if this thread got no processor before libcurl looked for a connection.
        loop._done(transfer, pycurl.E_OPERATION_TIMEDOUT, "")
        ((_, answer),), _ = loop.wait(0)
    finally:
        loop.close()
    assert (answer.error, answer.message) == ("connect_timeout", "No connection within 0.01 s.")


def test_names_that_never_answer_hold_nobody_else(make_client: Callable[..., Client]) -> None:
    """A company with 150 dead names has its own places for lookups, and no more."""
    hang = threading.Event()

    def resolve(name: str) -> list[str]:
        if name != "good.example.com":
            hang.wait(2 * PATIENCE)
        return ["127.0.0.1"]

    client = make_client(connect_timeout=3.0, resolve=resolve)
    done: list[Answer] = []

    def send(number: int) -> None:
        done.append(client.send(Request(f"https://dead{number}.example.com/", {}, b"", tenant=1)))

    threads = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(150)]
    try:
        for thread in threads:
            thread.start()
        with Dripper(b"HTTP/1.1 204 Fine\r\n\r\n", b"") as receiver:
            url = f"http://good.example.com:{receiver.port}/"
            answer = client.send(Request(url, {}, b"", tenant=2))
        assert (answer.status, done) == (204, []), "it came before any of the others was given up"
        for thread in threads:
            thread.join(SLACK)
        assert {answer.error for answer in done} == {"dns_timeout"}
        assert len(done) == 150
    finally:
        hang.set()


def test_a_slow_body_is_left_before_the_deadline_of_the_whole(
    make_client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subscriptions.delivery.http.loop.BODY_SECONDS", 0.3)
    client = make_client(total_timeout=10 * PATIENCE)
    with Dripper(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a", tick=0.05) as dripper:
        elapsed, answer = _timed(client, Request(f"http://127.0.0.1:{dripper.port}/", {}, b""))
    assert (answer.status, answer.truncated) == (200, True)
    assert elapsed < 0.3 + SLACK
    assert len(answer.body) < 500, "it was left for its time, and not when enough had come"
