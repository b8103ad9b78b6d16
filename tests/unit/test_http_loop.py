"""The network loop: each request comes back once, nothing waits for another, and what goes wrong inside is told."""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import resource
import select
import socket
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any

import pytest

from subscriptions.delivery.http import answers, descriptors
from subscriptions.delivery.http.fair_queue import FairQueue
from subscriptions.delivery.http.loop import Loop
from subscriptions.delivery.http.messages import Answer, Request
from tests.hostile.certificates import new_authority, server_context, write_authority
from tests.hostile.receivers import OK, Dripper, Receiver, answering
from tests.support.waiting import wait_until


@pytest.fixture
def make_loop() -> Iterator[Callable[..., Loop]]:
    loops: list[Loop] = []

    def make(**options: Any) -> Loop:
        loops.append(Loop(**({"allowed_networks": ["127.0.0.0/8"], "in_flight": 50} | options)))
        return loops[-1]

    yield make
    for loop in loops:
        loop.close()


@pytest.fixture
def loop(make_loop: Callable[..., Loop]) -> Loop:
    return make_loop()


def _all(loop: Loop, seconds: float = 20.0) -> dict[Hashable, Answer]:
    """Every answer that is still to come; each key once."""
    got: dict[Hashable, Answer] = {}
    give_up_at = time.monotonic() + seconds
    while loop.in_flight:
        assert time.monotonic() < give_up_at
        for key, answer in loop.wait(0.5)[0]:
            assert key not in got
            got[key] = answer
    return got


def _one(loop: Loop, request: Request) -> Answer:
    loop.start("one", request)
    return _all(loop)["one"]


def test_each_key_comes_back_once(loop: Loop) -> None:
    def echo(sock: socket.socket, request: bytes) -> None:
        body = request.partition(b"\r\n\r\n")[2]
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with Receiver(echo) as receiver:
        for number in range(200):
            loop.start(number, Request(receiver.url, {}, str(number).encode(), tenant=number % 3))
        loop.start("bad", Request("gopher://example.com/", {}, b""))
        assert loop.in_flight == 201
        got = _all(loop)
    expected: dict[Hashable, bytes] = {number: str(number).encode() for number in range(200)}
    assert {key: answer.body for key, answer in got.items()} == expected | {"bad": b""}
    assert got["bad"].error == "bad_url"
    assert loop.wait(0.0) == ([], set())


def test_start_returns_at_once_and_a_slow_receiver_delays_no_other(loop: Loop) -> None:
    with Dripper(b"", b"") as silent, Receiver(answering(OK, then="keep")) as quick:
        for number in range(40):
            loop.start(number, Request(f"http://127.0.0.1:{silent.port}/", {}, b""))
        loop.start("quick", Request(quick.url, {}, b""))
        answers_, _ = loop.wait(10.0)
        assert [key for key, _ in answers_] == ["quick"]
        assert loop.in_flight == 40, "it had to wait for another's deadline"


def test_a_request_under_way_holds_little_memory(make_loop: Callable[..., Loop]) -> None:
    """libcurl would send each out of a buffer of 64 KB."""
    number = 100
    loop = make_loop(in_flight=number)
    with Dripper(b"", b"") as silent:
        before = _allocated()
        for key in range(number):
            loop.start(key, Request(f"http://127.0.0.1:{silent.port}/", {}, b"x" * 2000))
        wait_until(lambda: silent.most_at_once == number, every=0.0, meanwhile=lambda: loop.wait(0.01))
        loop.wait(0.1)  # what was connected last is sent
        assert (_allocated() - before) / number < 50_000


class _Allocated(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    ]


def _allocated() -> int:
    """Bytes that this thread's part of the process has from malloc."""
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Allocated
    found = mallinfo2()
    return int(found.uordblks + found.hblkhd)


def test_descriptors_wake_it_also_when_one_is_opened_anew(loop: Loop) -> None:
    for _ in range(2):
        ours, theirs = socket.socketpair()
        number = ours.fileno()
        assert loop.wait(0.0, [number]) == ([], set())
        threading.Timer(0.05, theirs.send, [b"."]).start()
        assert loop.wait(10.0, [number]) == ([], {number})
        ours.close()  # the next pair has the same numbers, as a connection to the database that was lost
        theirs.close()
    assert loop.wait(0.0, []) == ([], set())


def test_a_fault_in_a_callback_is_an_answer_and_is_logged(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(lines: list[bytes]) -> None:
        raise RuntimeError("seen")

    with Receiver(answering(OK, then="keep")) as receiver:
        with monkeypatch.context() as patch:
            patch.setattr(answers, "read_head", broken)
            answer = _one(loop, Request(receiver.url, {"Authorization": "hunter2"}, b"secret"))
        assert answer.error == "internal"
        assert "RuntimeError: seen" in caplog.text
        assert "hunter2" not in caplog.text
        assert _one(loop, Request(receiver.url, {}, b"")).status == 200


def test_a_fault_with_libcurls_sockets_is_raised(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("seen")

    with Receiver(answering(OK)) as receiver:
        monkeypatch.setattr(loop, "_register", broken)
        loop.start("one", Request(receiver.url, {}, b""))
        with pytest.raises(RuntimeError, match="seen"):
            _all(loop)


def test_an_event_of_a_socket_that_an_earlier_event_had_closed_is_nothing(loop: Loop) -> None:
    """epoll tells of several at once; libcurl may close the second while it handles the first."""
    ours, theirs = socket.socketpair()
    closed = ours.fileno()
    ours.close()
    theirs.close()
    loop._on_ready(closed, select.EPOLLOUT)
    with Receiver(answering(OK)) as receiver:
        assert _one(loop, Request(receiver.url, {}, b"{}")).status == 200


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS])
def test_a_shortage_of_our_own_has_its_code(number: int, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with Receiver(answering(OK)) as receiver:
        with monkeypatch.context() as patch:
            patch.setattr(socket, "socket", none_left)
            assert _one(loop, Request(receiver.url, {}, b"")).error == "shortage"
        assert _one(loop, Request(receiver.url, {}, b"")).status == 200


def test_many_kept_connections_that_ended_together_fail_no_request(loop: Loop) -> None:
    """As when a receiver is restarted. libcurl by itself tries five of them and gives up."""
    gate = threading.Barrier(12)

    def script(sock: socket.socket, request: bytes) -> None:
        if request.endswith(b"first"):
            gate.wait(10)
            sock.sendall(OK)
            sock.close()
        else:
            sock.sendall(OK)

    with Receiver(script) as receiver:
        for body in (b"first", b"second"):
            for number in range(12):
                loop.start(number, Request(receiver.url, {}, body))
            assert {answer.status for answer in _all(loop).values()} == {200}


def test_handshakes_that_hang_keep_no_other_company_from_connecting(
    make_loop: Callable[..., Loop], tmp_path: Path
) -> None:
    authority = new_authority()
    loop = make_loop(ca_bundle=write_authority(authority, tmp_path), resolve=lambda name: ["127.0.0.1"], in_flight=500)
    with Dripper(b"", b"") as silent, Receiver(answering(OK), tls=server_context(tmp_path, authority)) as good:
        for number in range(400):
            loop.start(number, Request(f"https://hooks.example.com:{silent.port}/", {}, b"", tenant=1))
        loop.start("good", Request(f"https://hooks.example.com:{good.port}/", {}, b"", tenant=2))
        answers_, _ = loop.wait(10.0)
        assert [(key, answer.status) for key, answer in answers_] == [("good", 200)]
        assert loop.in_flight == 400, "it had to wait for another's deadline"
        assert silent.most_at_once < 400, "it had its turn before all of the others"


def test_tenants_take_turns() -> None:
    queue: FairQueue[str] = FairQueue()
    for tenant, item in ((1, "a"), (1, "b"), (1, "c"), (2, "x"), (3, "y"), (2, "z")):
        queue.push(tenant, item)
    queue.remove(1, "b")
    assert [queue.pop() for _ in range(5)] == ["a", "x", "y", "c", "z"]
    assert not queue
    with pytest.raises(KeyError):
        queue.pop()


def test_the_limit_of_open_files_is_raised_or_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    limits = [(1024, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.append(new))
    assert descriptors.allow_connections(2000) == 2000
    assert limits[-1] == (2256, 4096)
    assert caplog.records == []
    with caplog.at_level(logging.WARNING):
        assert descriptors.allow_connections(5000) == 4096 - descriptors.OTHERS
    assert limits[-1] == (4096, 4096)
    assert "LimitNOFILE" in caplog.text


def test_a_closed_loop_gives_up_what_is_under_way(make_loop: Callable[..., Loop]) -> None:
    loop = Loop(allowed_networks=["127.0.0.0/8"], in_flight=5)
    with Dripper(b"", b"") as silent:
        for number in range(5):
            loop.start(number, Request(f"http://127.0.0.1:{silent.port}/", {}, b""))
        loop.wait(0.1)
        loop.close()
    assert loop.in_flight == 0
