"""Single requests through requests' adapter: the same rules on where they go, and over by their deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from subscriptions.delivery.http.failures import SendFailed
from subscriptions.delivery.http.session import GuardedSession
from tests.support.waiting import PATIENCE

from .certificates import new_authority, server_context, write_authority
from .conftest import LOOPBACK
from .name_cases import CASES as NAMES
from .receivers import OK, Dripper, Receiver, answering
from .url_cases import CASES as URLS


@pytest.fixture
def make_session() -> Iterator[Callable[..., GuardedSession]]:
    sessions: list[GuardedSession] = []

    def make(**options: Any) -> GuardedSession:
        sessions.append(GuardedSession(**({"allowed_networks": LOOPBACK, "total_timeout": PATIENCE} | options)))
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()


def _failure(session: GuardedSession, url: str) -> SendFailed:
    with pytest.raises(SendFailed) as failed:
        session.post(url, data=b"{}")
    return failed.value


def test_it_sends_and_reads(make_session: Callable[..., GuardedSession]) -> None:
    with Receiver(answering(OK, then="keep")) as receiver:
        session = make_session(user_agent="Callhooks/1.0")
        answers = [session.post(receiver.url, json={"a": 1}), session.get(receiver.url, headers={"X": "y"})]
        assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"ok")] * 2
        assert receiver.connections == 2, "no connection is kept"
        assert receiver.requests[0].startswith(b"POST /hook HTTP/1.1\r\n")
        assert b"User-Agent: Callhooks/1.0\r\n" in receiver.requests[0]


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("case", URLS, ids=str)
def test_a_refused_url_is_not_requested(
    case: Any, make_session: Callable[..., GuardedSession], dialled: list[Any]
) -> None:
    session = make_session(allowed_networks=(), resolve=lambda name: pytest.fail(f"{name} was looked up"))
    assert _failure(session, case.url).code in ("bad_url", "refused_address")
    assert dialled == []


@pytest.mark.parametrize("case", NAMES, ids=str)
def test_a_name_that_leads_to_a_refused_address_is_not_dialled(
    case: Any, make_session: Callable[..., GuardedSession], dialled: list[Any]
) -> None:
    session = make_session(allowed_networks=(), resolve=lambda name: case.addresses)
    assert _failure(session, "https://hooks.example.com/in").code == "refused_address"
    assert dialled == []


def test_a_name_is_looked_up_once_and_what_was_judged_is_dialled(
    make_session: Callable[..., GuardedSession], dialled: list[Any]
) -> None:
    answers = [["127.0.0.2", "127.0.0.1"], ["10.0.0.1"]]
    session = make_session(resolve=lambda name: answers.pop(0))
    with Receiver(answering(OK)) as receiver:
        assert session.get(f"http://hooks.example.com:{receiver.port}/").content == b"ok"
        assert dialled == [("127.0.0.2", receiver.port), ("127.0.0.1", receiver.port)]
        assert f"Host: hooks.example.com:{receiver.port}\r\n".encode() in receiver.requests[0]


def test_no_redirect_is_followed(make_session: Callable[..., GuardedSession]) -> None:
    with Receiver(answering(OK)) as elsewhere:
        for location in (elsewhere.url, "http://\xff\xfe:port/", "//[::1"):
            reply = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
            with Receiver(answering(reply)) as receiver:
                assert make_session().get(receiver.url, allow_redirects=True).status_code == 302
        assert elsewhere.connections == 0


def test_variables_and_netrc_are_not_read(
    make_session: Callable[..., GuardedSession], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Receiver(answering(OK)) as receiver, Receiver(answering(OK)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert make_session().get(receiver.url).status_code == 200
        assert b"authorization" not in receiver.requests[0].lower()
        assert proxy.connections == 0


def test_tls_is_verified_in_plain_words(make_session: Callable[..., GuardedSession], tmp_path: Path) -> None:
    authority = new_authority()
    session = make_session(ca_bundle=write_authority(authority, tmp_path), resolve=lambda name: ["127.0.0.1"])
    for context, code in (
        (server_context(tmp_path, authority), ""),
        (server_context(tmp_path, authority, names=("other.example.com",)), "tls_hostname"),
        (server_context(tmp_path, authority, names=()), "tls_hostname"),
        (server_context(tmp_path, authority, to_days=-2, from_days=-9), "tls_expired"),
        (server_context(tmp_path, None), "tls_untrusted"),
    ):
        with Receiver(answering(OK), tls=context) as receiver:
            url = f"https://hooks.example.com:{receiver.port}/"
            if code:
                assert _failure(session, url).code == code
                assert receiver.requests == []
            else:
                assert session.get(url).content == b"ok"


def test_through_the_forward_proxy(make_session: Callable[..., GuardedSession]) -> None:
    with Receiver(answering(OK)) as proxy:
        session = make_session(allowed_networks=(), proxy=f"http://me:pw@127.0.0.1:{proxy.port}")
        assert session.get("http://hooks.example.com/in?a=b").content == b"ok"
        assert proxy.requests[0].startswith(b"GET http://hooks.example.com/in?a=b HTTP/1.1\r\n")
        assert _failure(session, "http://169.254.169.254/").code == "refused_address"
    with pytest.raises(ValueError, match="proxy"):
        make_session(proxy="socks5://127.0.0.1:1")


@pytest.mark.parametrize(
    ("prelude", "drip"),
    [
        (b"", b""),
        (b"", b"HTTP/1.1 200 " + b"O" * 1000),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    ],
    ids=["nothing", "status line", "headers", "100-continue", "body", "chunk size"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_dripping_ends_at_the_deadline(
    scheme: str, prelude: bytes, drip: bytes, make_session: Callable[..., GuardedSession]
) -> None:
    with Dripper(prelude, drip, tick=0.05) as dripper:
        started = time.monotonic()
        failure = _failure(make_session(total_timeout=0.3), f"{scheme}://127.0.0.1:{dripper.port}/")
        elapsed = time.monotonic() - started
    assert failure.code in ("timeout", "tls")
    assert elapsed < 0.3 + PATIENCE
    assert elapsed > 0.2 or failure.code == "tls"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (b"", "reset"),
        (b"SSH-2.0-x\r\n", "bad_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"a" * 2_000_000, "bad_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", ""),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", "bad_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", "bad_response"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nno\r\n", "bad_response"),
    ],
    ids=["closed", "no HTTP", "too long", "not unpacked", "many headers", "cut", "no chunk"],
)
def test_odd_answers(reply: bytes, code: str, make_session: Callable[..., GuardedSession]) -> None:
    with Receiver(answering(reply)) as receiver:
        if code:
            assert _failure(make_session(), receiver.url).code == code
        else:
            assert make_session().get(receiver.url).content == b"ok"


def test_a_connection_that_is_reset_within_the_body(make_session: Callable[..., GuardedSession]) -> None:
    with Receiver(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", then="reset")) as receiver:
        assert _failure(make_session(), receiver.url).code in ("reset", "bad_response")
