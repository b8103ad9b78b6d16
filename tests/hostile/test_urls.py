"""Every hostile URL is refused when it is saved, and by the client whatever was saved: no socket is dialled."""

from __future__ import annotations

from typing import Any

import pytest

from subscriptions.delivery.http.client import Client, Request
from subscriptions.delivery.http.url_rules import UrlRefused, check_url

from .cases import UrlCase
from .conftest import LOOPBACK
from .url_cases import CASES


def _never(name: str) -> list[str]:
    raise AssertionError(f"{name} was looked up")


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("allowed", [(), LOOPBACK], ids=["closed", "loopback open"])
def test_it_is_neither_saved_nor_sent(
    case: UrlCase, allowed: tuple[str, ...], make_client: Any, dialled: list[Any]
) -> None:
    if allowed and case.loopback_opens:
        check_url(case.url, allowed_networks=allowed)
        return
    with pytest.raises(UrlRefused) as refused:
        check_url(case.url, allowed_networks=allowed)
    assert str(refused.value).endswith(".")
    assert str(refused.value).isprintable()

    client: Client = make_client(allowed_networks=allowed, resolve=_never)
    answer = client.send(Request(case.url, {"Content-Type": "application/json"}, b"{}"))

    assert answer.error == refused.value.code
    assert answer.error in ("bad_url", "refused_address")
    assert answer.message == str(refused.value)
    assert answer.status is None
    assert dialled == []


def test_plain_http_is_refused_where_https_is_asked_for() -> None:
    with pytest.raises(UrlRefused, match="https://"):
        check_url("HTTP://example.com/", require_https=True)
    assert check_url("HTTPS://example.com/", require_https=True) == "https://example.com/"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/in",
        "https://HOOKS.example.com./",
        "http://hooks.example.com/",
        "https://hooks.example.com:443/x?y#z",
    ],
)
def test_the_services_own_address_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused, match="loop"):
        check_url(url, own_url="https://hooks.example.com")


def test_the_services_own_address_has_many_names_on_this_machine() -> None:
    for host in ("localhost", "127.0.0.1", "127.0.0.9", "[::1]", "x.localhost", "[::ffff:127.0.0.1]"):
        with pytest.raises(UrlRefused, match="loop"):
            check_url(f"http://{host}:8000/", allowed_networks=["127.0.0.0/8", "::1"], own_url="http://127.0.0.1:8000")
    assert check_url("http://127.0.0.1:8001/", allowed_networks=LOOPBACK, own_url="http://127.0.0.1:8000")
