"""A socket is opened only to an address that was found for the host and may be dialled, whatever was pinned."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from subscriptions.delivery.http.addresses import parse_networks
from subscriptions.delivery.http.routes import Routes
from subscriptions.delivery.http.url_rules import read_url

TARGET = read_url("https://hooks.example.com/")


def may_dial(address: str, *, pinned: Sequence[str], networks: Sequence[str] = ()) -> bool:
    route = Routes(8, parse_networks(networks), None).to(TARGET, 1, "")
    route.pin([ip_address(one) for one in pinned])
    return route.may_dial(address)


@pytest.mark.parametrize(
    ("address", "pinned", "networks", "may"),
    [
        ("93.184.215.14", ["93.184.215.14"], [], True),
        ("93.184.215.15", ["93.184.215.14"], [], False),
        ("93.184.215.14", [], [], False),
        ("10.0.0.7", ["10.0.0.7"], [], False),
        ("10.0.0.7", ["10.0.0.7"], ["10.0.0.0/8"], True),
        ("10.0.0.8", ["10.0.0.7"], ["10.0.0.0/8"], False),
    ],
    ids=["found", "another", "nothing found", "private", "opened by the operator", "another of an opened network"],
)
def test_what_may_be_dialled(address: str, pinned: list[str], networks: list[str], may: bool):
    assert may_dial(address, pinned=pinned, networks=networks) is may
