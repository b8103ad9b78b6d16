"""Properties of the address rule over the whole address space."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from subscriptions.delivery.http.addresses import dialled, parse_networks, why_refused
from tests.support.examples import examples

_V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
_V6 = st.integers(0, 2**128 - 1).map(IPv6Address)
_NETWORKS = [
    IPv4Network(block)
    for block in "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16"
    " 224.0.0.0/4 240.0.0.0/4 198.18.0.0/15 168.63.129.16/32 192.0.0.0/24 203.0.113.0/24".split()
]
_REFUSED_V4 = st.sampled_from(_NETWORKS).flatmap(
    lambda block: st.integers(int(block.network_address), int(block.broadcast_address)).map(IPv4Address)
)
_PREFIX = st.integers(0x2000 << 48, (0x3FFF << 48) | (2**48 - 1))  # the upper half of a global unicast address


def _embeddings(ip: IPv4Address, prefix: int, rest: int) -> dict[str, IPv6Address]:
    """Every known way to write an IPv4 address inside an IPv6 address."""
    number = int(ip)
    return {
        "mapped": IPv6Address(0xFFFF << 32 | number),
        "compatible": IPv6Address(number),
        "translated": IPv6Address(0xFFFF << 48 | number),
        "NAT64": IPv6Address(0x64FF9B << 96 | number),
        "NAT64, local /96": IPv6Address(0x64FF9B0001 << 80 | number),
        "NAT64, local /48": IPv6Address(0x64FF9B0001 << 80 | number >> 16 << 64 | (number & 0xFFFF) << 40),
        "6to4": IPv6Address(0x2002 << 112 | number << 80 | rest & (2**80 - 1)),
        "Teredo server": IPv6Address(0x20010000 << 96 | number << 64 | rest & (2**64 - 1)),
        "Teredo client": IPv6Address(0x20010000 << 96 | (rest & (2**64 - 1)) << 32 | number ^ 0xFFFFFFFF),
        "ISATAP": IPv6Address(prefix << 64 | 0x00005EFE << 32 | number),
        "ISATAP, global": IPv6Address(prefix << 64 | 0x02005EFE << 32 | number),
    }


@settings(max_examples=examples(500), deadline=None)
@given(_V4)
def test_what_may_be_dialled_is_public_by_the_standard_library_too(ip: IPv4Address) -> None:
    if why_refused(ip) is None:
        assert ip.is_global
        assert not any((ip.is_multicast, ip.is_reserved, ip.is_loopback, ip.is_link_local, ip.is_unspecified))


@settings(max_examples=examples(500), deadline=None)
@given(_V6)
def test_what_ipv6_may_be_dialled_is_public_by_the_standard_library_too(ip: IPv6Address) -> None:
    if why_refused(ip) is None:
        assert ip.is_global
        assert not any((ip.is_multicast, ip.is_loopback, ip.is_link_local, ip.is_site_local, ip.is_unspecified))
        assert ip in IPv6Network("2000::/3") or ip in IPv6Network("64:ff9b::/96") or ip.ipv4_mapped


@settings(max_examples=examples(500), deadline=None)
@given(st.integers(0, 2**125 - 1).map(lambda low: IPv6Address(1 << 125 | low)))
def test_global_unicast_is_mostly_open(ip: IPv6Address) -> None:
    """Guards against a rule that refuses everything."""
    special = [
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "3ffe::/16",
        "2620:4f:8000::/48",
    ]
    if not any(ip in IPv6Network(block) for block in special) and int(ip) >> 32 & 0xFCFFFFFF != 0x5EFE:
        assert why_refused(ip) is None


@settings(max_examples=examples(300), deadline=None)
@given(_REFUSED_V4, _PREFIX, st.integers(0, 2**128 - 1))
def test_a_refused_address_is_refused_inside_any_other(ip: IPv4Address, prefix: int, rest: int) -> None:
    assert why_refused(ip)
    for form, outer in _embeddings(ip, prefix, rest).items():
        assert why_refused(outer), form
        assert why_refused(str(outer)), form
        assert why_refused(outer.exploded), form


@settings(max_examples=examples(300), deadline=None)
@given(_V4)
def test_a_mapped_address_is_the_address_it_maps(ip: IPv4Address) -> None:
    mapped = IPv6Address(f"::ffff:{ip}")
    assert why_refused(mapped) == why_refused(ip)
    assert dialled(mapped) == ip


@settings(max_examples=examples(300), deadline=None)
@given(
    st.one_of(_REFUSED_V4, _V6.filter(why_refused)),
    st.integers(0, 128),
    st.one_of(_REFUSED_V4, _V6.filter(why_refused)),
)
def test_an_opened_network_opens_exactly_itself(
    inside: IPv4Address | IPv6Address, length: int, other: IPv4Address | IPv6Address
) -> None:
    network = ip_network((inside, min(length, inside.max_prefixlen)), strict=False)
    assert why_refused(inside, [network]) is None
    opened = (other.version == network.version and other in network) or (
        isinstance(other, IPv6Address)
        and other.ipv4_mapped is not None
        and network.version == 4
        and other.ipv4_mapped in network
    )
    if opened:
        assert why_refused(other, [network]) is None
    elif dialled(other).version != network.version or dialled(other) not in network:
        assert why_refused(other, [network])


def test_opening_loopback_opens_nothing_else() -> None:
    allowed = parse_networks(["127.0.0.0/8"])
    for address in ("::1", "10.0.0.1", "64:ff9b::7f00:1", "::7f00:1", "2002:7f00:1::", "0.0.0.0", "126.255.255.255.1"):
        assert why_refused(address, allowed), address
    for address in ("127.0.0.1", "127.255.255.255", "::ffff:127.0.0.1", "8.8.8.8"):
        assert why_refused(address, allowed) is None, address


@settings(max_examples=examples(300), deadline=None)
@given(st.text(max_size=40))
def test_what_is_no_address_is_refused(text: str) -> None:
    try:
        IPv4Address(text)
    except ValueError:
        try:
            IPv6Address(text)
        except ValueError:
            assert why_refused(text)
