"""The host of a subscriber's URL: one spelling for each, none that another program could read otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import idna

from .addresses import Address, Network, dialled, is_allowed, why_refused

# An underscore is not a host name by the book, but DNS answers for such names and some services use them.
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# What inet_aton takes for a number: a host that ends in one is an IPv4 address or nothing (as in browsers).
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCALHOST = {"localhost", "localdomain", "ip6-localhost", "ip6-loopback"}
# Names of inner networks. A public resolver knows none of them; an inner one may lead anywhere.
_INNER = {"internal", "local", "localdomain", "lan", "intranet", "corp", "home", "private", "arpa"}
_METADATA = {
    "metadata.google.internal",
    "metadata.goog",
    "instance-data.ec2.internal",
    "metadata.azure.internal",
}

ASK_OPERATOR = "Use a host on the public internet, or ask the operator of this service to allow that network."


class UrlRefused(ValueError):
    """A URL that is not dialled. The text says what to change; `code` is `refused_address` or `bad_url`."""

    def __init__(self, message: str, code: str = "bad_url") -> None:
        super().__init__(message)
        self.code = code


def read_host(text: str, allowed: Sequence[Network]) -> str:
    """The host as it will be looked up or dialled: lower case, IDNA, no final dot, no brackets. Raises UrlRefused."""
    if text.startswith("["):
        return _checked_address(_ipv6(text), allowed)
    if "%" in text:
        raise UrlRefused("The host name holds a %. Write it without percent-encoding.")
    name = _ascii(text.lower()).removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _checked_address(_ipv4(text), allowed)
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlRefused("The host name is not valid. Write it like hooks.example.com.")
    _check_name(name, labels, allowed)
    return name


def is_local_name(name: str) -> bool:
    """Whether it is a name of this host by convention, whatever a resolver says (RFC 6761)."""
    return (
        name in _LOCALHOST or name.endswith((".localhost", ".localhost.localdomain")) or name == "localhost.localdomain"
    )


def as_address(host: str) -> Address | None:
    """The IP address that a host from `read_host` is, or None if it is a name."""
    if ":" in host:
        return IPv6Address(host)
    try:
        return IPv4Address(host)
    except ValueError:
        return None


def _ascii(name: str) -> str:
    try:
        if not name.isascii():
            name = idna.encode(name, uts46=True, std3_rules=True).decode("ascii")
        for label in name.split("."):
            if label.startswith("xn--"):
                idna.ulabel(label)  # raises where the punycode is broken or holds what IDNA forbids
    except (UnicodeError, ValueError, IndexError):
        raise UrlRefused("The host name is not a valid international domain name. Check its spelling.") from None
    return name


def _ipv6(text: str) -> IPv6Address:
    if "%" in text:
        raise UrlRefused("The IPv6 address names a network zone (after a %). Use an address without one.")
    try:
        return IPv6Address(text[1:-1])
    except ValueError:
        raise UrlRefused("The IPv6 address in brackets is not valid. Check its spelling.") from None


def _ipv4(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        # 127.1, 0x7f000001, 0177.0.0.1, 2130706433, digits of other scripts: read differently here and there.
        raise UrlRefused(
            "Write the IPv4 address as four decimal numbers without leading zeros, or use a host name.",
            "refused_address",
        ) from None


def _checked_address(ip: Address, allowed: Sequence[Network]) -> str:
    if why := why_refused(ip, allowed):
        raise UrlRefused(
            f"The address belongs to {why} and cannot be reached from here. {ASK_OPERATOR}", "refused_address"
        )
    return str(dialled(ip))


def _check_name(name: str, labels: list[str], allowed: Sequence[Network]) -> None:
    if is_local_name(name):
        if not any(is_allowed(ip, allowed) for ip in (IPv4Address("127.0.0.1"), IPv6Address("::1"))):
            raise UrlRefused(f"This name means the machine of this service itself. {ASK_OPERATOR}", "refused_address")
        return
    if name in _METADATA:
        raise UrlRefused(
            "This name belongs to a cloud provider's metadata service. Use another host.", "refused_address"
        )
    if all(network.is_loopback for network in allowed):
        if len(labels) == 1:
            raise UrlRefused("The host name has no dot. Write it in full, like hooks.example.com.", "refused_address")
        if labels[-1] in _INNER:
            raise UrlRefused(
                f"Names that end in .{labels[-1]} belong to inner networks. {ASK_OPERATOR}", "refused_address"
            )
