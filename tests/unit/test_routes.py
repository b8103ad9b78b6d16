"""A socket is opened only to an address that was found for the host and may be dialled, whatever was pinned; and no
two companies, hosts or client certificates have one alias."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from subscriptions.delivery.http.addresses import parse_networks
from subscriptions.delivery.http.proxies import Proxy
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


@pytest.mark.parametrize("proxy", [None, Proxy.from_url("http://127.0.0.1:3128")], ids=["direct", "proxy"])
def test_no_two_companies_or_client_certificates_have_one_alias(proxy: Proxy | None):
    """libcurl uses a connection again for what has the same alias."""
    routes = Routes(8, [], proxy)
    ways = [(1, ""), (1, "certificate"), (1, "another"), (2, ""), (2, "certificate")]
    aliases = [routes.to(TARGET, tenant, certificate).alias for tenant, certificate in ways]
    assert len(set(aliases)) == len(ways)
    assert [routes.to(TARGET, tenant, certificate).alias for tenant, certificate in ways] == aliases


def test_no_two_hosts_or_ports_have_one_alias():
    urls = ["https://a.example.com/", "https://b.example.com/", "https://a.example.com:8443/"]
    routes = Routes(8, [], None)
    assert len({routes.to(read_url(url), 1, "").alias for url in urls}) == len(urls)
