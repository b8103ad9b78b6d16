"""TLS: never unverified, in plain words when it fails, the name as SNI while a checked address is dialled."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subscriptions.delivery.http.client import Answer, Client, Request

from .certificates import Authority, new_authority, server_context, write_authority
from .receivers import OK, Dripper, Receiver, answering

# What each bad certificate is (kind and source: TLS, hostile-inputs; the rest are our own), and what is said of it.
BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("expired", {"from_days": -20, "to_days": -2}, "tls_expired", "expired"),
    ("not valid yet", {"from_days": 2}, "tls_expired", "not valid yet"),
    ("wrong host", {"names": ("other.example.com",), "common": "other.example.com"}, "tls_hostname", "another host"),
    ("wrong host, right common name", {"names": ("other.example.com",)}, "tls_hostname", "another host"),
    ("no alternative name at all", {"names": ()}, "tls_hostname", "another host"),
    ("wildcard of the parent", {"names": ("*.com",)}, "tls_hostname", "another host"),
    ("wildcard a level too high", {"names": ("*.hooks.example.com",)}, "tls_hostname", "another host"),
    ("address that is dialled, not the name", {"names": ("127.0.0.1",)}, "tls_hostname", "another host"),
]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority()


@pytest.fixture
def here(authority: Authority, make_client: Callable[..., Client], tmp_path: Path) -> Client:
    """A client that trusts the authority and finds every name on this machine."""
    return make_client(ca_bundle=write_authority(authority, tmp_path), resolve=lambda name: ["127.0.0.1"])


def _send(client: Client, receiver: Receiver | Dripper, host: str = "hooks.example.com") -> Answer:
    return client.send(Request(f"https://{host}:{receiver.port}/in", {"X": "secret"}, b'{"secret":1}'))


@pytest.mark.parametrize(("name", "options", "code", "words"), BAD, ids=[bad[0] for bad in BAD])
def test_a_bad_certificate_gets_nothing(
    name: str, options: dict[str, Any], code: str, words: str, here: Client, authority: Authority, tmp_path: Path
) -> None:
    with Receiver(answering(OK), tls=server_context(tmp_path, authority, **options)) as receiver:
        answer = _send(here, receiver)
        assert (answer.error, answer.status) == (code, None)
        assert words in answer.message
        assert receiver.requests == []


def test_a_self_signed_certificate_gets_nothing(here: Client, tmp_path: Path) -> None:
    with Receiver(answering(OK), tls=server_context(tmp_path, None)) as receiver:
        answer = _send(here, receiver)
        assert (answer.error, answer.message) == ("tls_untrusted", "The server's certificate is self-signed.")
        assert receiver.requests == []


def test_an_unknown_authority_gets_nothing(here: Client, tmp_path: Path) -> None:
    with Receiver(answering(OK), tls=server_context(tmp_path, new_authority("Another"))) as receiver:
        assert _send(here, receiver).error == "tls_untrusted"
        assert receiver.requests == []


def test_an_authority_of_our_own_is_not_trusted_unless_named(
    make_client: Callable[..., Client], authority: Authority, tmp_path: Path
) -> None:
    client = make_client(resolve=lambda name: ["127.0.0.1"])
    with Receiver(answering(OK), tls=server_context(tmp_path, authority)) as receiver:
        assert _send(client, receiver).error == "tls_untrusted"


@pytest.mark.parametrize("names", [("hooks.example.com",), ("*.example.com",)], ids=["name", "wildcard"])
def test_a_good_certificate_is_sent_to_with_the_name_as_sni(
    names: tuple[str, ...], here: Client, authority: Authority, tmp_path: Path, dialled: list[Any]
) -> None:
    context = server_context(tmp_path, authority, names=names)
    asked: list[str | None] = []
    context.sni_callback = lambda sock, name, _: asked.append(name)
    with Receiver(answering(OK, then="keep"), tls=context) as receiver:
        answer = _send(here, receiver)
        assert (answer.status, answer.body) == (200, b"ok")
        assert asked == ["hooks.example.com"]
        assert dialled == [("127.0.0.1", receiver.port)]
        assert f"Host: hooks.example.com:{receiver.port}\r\n".encode() in receiver.requests[0]


def test_an_address_in_the_url_is_verified_as_an_address(here: Client, authority: Authority, tmp_path: Path) -> None:
    with Receiver(answering(OK), tls=server_context(tmp_path, authority, names=("127.0.0.1",))) as receiver:
        assert _send(here, receiver, "127.0.0.1").status == 200
        assert _send(here, receiver).error == "tls_hostname"


def test_a_name_and_its_address_share_no_connection(here: Client, authority: Authority, tmp_path: Path) -> None:
    with Receiver(answering(OK, then="keep"), tls=server_context(tmp_path, authority)) as receiver:
        assert _send(here, receiver).status == 200
        assert _send(here, receiver, "other.example.com").error == "tls_hostname"
        assert len(receiver.requests) == 1


def test_plain_http_on_a_tls_port_says_tls(here: Client) -> None:
    with Dripper(b"HTTP/1.1 400 Bad Request\r\n\r\n", b"") as receiver:
        assert _send(here, receiver).error == "tls"


def test_an_old_protocol_is_not_spoken(here: Client, authority: Authority, tmp_path: Path) -> None:
    context = server_context(tmp_path, authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Receiver(answering(OK), tls=context) as receiver:
        assert _send(here, receiver).error == "tls"
        assert receiver.requests == []


def test_a_handshake_that_breaks_off_says_tls(here: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def hang_up() -> None:
            sock, _ = listener.accept()
            sock.recv(10)
            sock.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        answer = here.send(Request(f"https://hooks.example.com:{port}/", {}, b""))
        thread.join(10)
    assert answer.error == "tls"
    assert "TLS" in answer.message


def test_the_ca_bundle_is_read_once(here: Client, authority: Authority, tmp_path: Path) -> None:
    """Parsing that of a system for each handshake would cost more than forty requests."""
    with Receiver(answering(OK), tls=server_context(tmp_path, authority)) as receiver:
        assert _send(here, receiver).status == 200
        (tmp_path / "authority.pem").unlink()
        assert _send(here, receiver).status == 200
        assert receiver.connections == 2
