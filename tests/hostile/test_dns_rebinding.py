"""Targets that move between the check and the connection, and settings of the machine that would move them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from subscriptions.delivery.http import loop
from subscriptions.delivery.http.client import Client, Request
from subscriptions.delivery.http.url_rules import check_url
from tests.support.waiting import wait_until

from .receivers import OK, Receiver, answering


def test_public_when_saved_and_private_when_sent(make_client: Callable[..., Client], dialled: list[Any]) -> None:
    url = check_url("https://hooks.example.com/in")
    client = make_client(allowed_networks=(), resolve=lambda name: ["10.0.0.1"])
    assert client.send(Request(url, {}, b"")).error == "refused_address"
    assert dialled == []


def test_a_name_is_looked_up_once_and_what_was_judged_is_dialled(
    make_client: Callable[..., Client], dialled: list[Any]
) -> None:
    """A second look-up (as by a plain `create_connection`) would get the second answer: the DNS rebinding attack."""
    answers = [["127.0.0.1"], ["127.0.0.99"], ["10.0.0.1"]]
    asked: list[str] = []

    def rebind(name: str) -> list[str]:
        asked.append(name)
        return answers[len(asked) - 1]

    client = make_client(resolve=rebind)
    with Receiver(answering(OK, then="keep")) as receiver:
        url = f"http://hooks.example.com:{receiver.port}/"
        assert client.send(Request(url, {}, b"")).status == 200
        assert asked == ["hooks.example.com"]
        assert dialled == [("127.0.0.1", receiver.port)]


def test_every_new_connection_asks_again(make_client: Callable[..., Client], dialled: list[Any]) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    client = make_client(resolve=lambda name: next(answers))
    with Receiver(answering(OK, then="close")) as receiver:
        url = f"http://hooks.example.com:{receiver.port}/"
        assert client.send(Request(url, {}, b"")).status == 200
        # What was judged is still what the kept connection leads to; a new one is judged anew.
        assert client.send(Request(url, {}, b"")).error == "refused_address"
        assert dialled == [("127.0.0.1", receiver.port)]


def test_a_kept_connection_still_leads_where_it_was_judged(
    make_client: Callable[..., Client], dialled: list[Any]
) -> None:
    where = ["127.0.0.1"]
    client = make_client(resolve=lambda name: where)
    with Receiver(answering(OK, then="keep")) as receiver:
        url = f"http://hooks.example.com:{receiver.port}/"
        assert client.send(Request(url, {}, b"")).status == 200
        where[:] = ["10.0.0.1"]
        assert client.send(Request(url, {}, b"")).status == 200
        assert receiver.connections == 1
        assert dialled == [("127.0.0.1", receiver.port)]


def test_a_move_is_followed_when_the_kept_connection_grows_old(
    make_client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ["127.0.0.1"]
    monkeypatch.setattr(loop, "MAX_AGE", 1)
    client = make_client(resolve=lambda name: where)
    with Receiver(answering(OK, then="keep")) as receiver:
        url = f"http://hooks.example.com:{receiver.port}/"
        assert client.send(Request(url, {}, b"")).status == 200
        where[:] = ["10.0.0.1"]
        wait_until(lambda: client.send(Request(url, {}, b"")).error == "refused_address")


def test_names_of_this_machine_are_never_looked_up(make_client: Callable[..., Client], dialled: list[Any]) -> None:
    def elsewhere(name: str) -> list[str]:
        raise AssertionError(name)

    client = make_client(resolve=elsewhere)
    with Receiver(answering(OK, then="close")) as receiver:
        for host in ("localhost", "hooks.localhost", "LOCALHOST"):
            assert client.send(Request(f"http://{host}:{receiver.port}/", {}, b"")).status == 200
        assert dialled == [("127.0.0.1", receiver.port)] * 3


@pytest.mark.parametrize("allowed", [(), ("127.0.0.0/8",)], ids=["closed", "opened"])
def test_search_domains_do_not_extend_a_name(
    allowed: tuple[str, ...], make_client: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The final dot makes a name absolute; only where an operator opened networks is the name tried as it stands."""
    asked: list[str] = []

    def getaddrinfo(name: str, *_: object, **__: object) -> list[Any]:
        asked.append(name)
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    client = make_client(allowed_networks=allowed)
    assert client.send(Request("https://hooks.example.com/", {}, b"")).error == "dns"
    assert asked == ["hooks.example.com.", "hooks.example.com"][: 2 if allowed else 1]


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_proxy_variables_are_not_read(
    name: str, client: Client, monkeypatch: pytest.MonkeyPatch, dialled: list[Any]
) -> None:
    with Receiver(answering(OK)) as receiver, Receiver(answering(OK)) as proxy:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        assert client.send(Request(receiver.url, {}, b"")).status == 200
        assert proxy.connections == 0


def test_netrc_is_not_read(client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\ndefault login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Receiver(answering(OK)) as receiver:
        assert client.send(Request(receiver.url, {}, b"")).status == 200
        assert b"authorization" not in receiver.requests[0].lower()


def test_cookies_are_not_kept(client: Client) -> None:
    with Receiver(
        answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n", then="keep")
    ) as receiver:
        client.send(Request(receiver.url, {}, b""))
        client.send(Request(receiver.url, {}, b""))
        assert not any(b"cookie" in request.lower() for request in receiver.requests)


def test_a_second_address_is_tried_when_the_first_refuses(
    make_client: Callable[..., Client], dialled: list[Any]
) -> None:
    client = make_client(resolve=lambda name: ["127.0.0.2", "127.0.0.1"])
    with Receiver(answering(OK)) as receiver:
        assert client.send(Request(f"http://hooks.example.com:{receiver.port}/", {}, b"")).status == 200
        assert dialled == [("127.0.0.2", receiver.port), ("127.0.0.1", receiver.port)]
