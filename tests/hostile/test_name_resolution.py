"""Where a name leads is judged when the socket is opened: one address that is not public, and nothing is dialled."""

from __future__ import annotations

from typing import Any

import pytest

from subscriptions.delivery.http.client import Request
from subscriptions.delivery.http.url_rules import check_url

from .cases import NameCase
from .name_cases import CASES

URL = "https://hooks.example.com/in"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_it_is_not_dialled(case: NameCase, make_client: Any, dialled: list[Any]) -> None:
    assert check_url(URL) == URL
    client = make_client(allowed_networks=(), resolve=lambda name: case.addresses)

    answer = client.send(Request(URL, {}, b"{}"))

    assert answer.error == "refused_address"
    assert dialled == []
    assert not any(address and address in answer.message for address in case.addresses)


def test_an_opened_network_opens_no_other(make_client: Any, dialled: list[Any]) -> None:
    client = make_client(allowed_networks=["10.1.0.0/16"], resolve=lambda name: ["10.2.0.1"])
    assert client.send(Request(URL, {}, b"")).error == "refused_address"
    client = make_client(allowed_networks=["127.0.0.0/8"], resolve=lambda name: ["127.0.0.1", "::1"])
    assert client.send(Request(URL, {}, b"")).error == "refused_address"
    assert dialled == []


def test_a_mapped_address_is_dialled_as_the_ipv4_address_it_is(make_client: Any, dialled: list[Any]) -> None:
    client = make_client(resolve=lambda name: ["::ffff:127.0.0.1"], connect_timeout=2.0)
    client.send(Request("http://hooks.example.com:9/", {}, b""))
    client.send(Request("http://hooks.example.com:49152/", {}, b""))
    assert dialled == [("127.0.0.1", 49152)]
