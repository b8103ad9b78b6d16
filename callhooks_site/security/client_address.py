"""The client's address, for rate limits. Never use it to identify anybody."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX = 64  # bits: whoever has one IPv6 address has its whole /64


def client_address(request: HttpRequest) -> str | None:
    """The client's IPv4 address or IPv6 /64, behind PROXY_COUNT of our proxies; None if it is not an IP address.

    Entries further left in X-Forwarded-For were written by the client, and are ignored.
    """
    ip = full_address(request)
    if isinstance(ip, IPv6Address):
        keep = 128 - IPV6_PREFIX
        return str(IPv6Address(int(ip) >> keep << keep))
    return None if ip is None else str(ip)


def full_address(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    """The same, the whole of an IPv6 address too. An IPv4 address that is written as IPv6 is the IPv4 address."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.PROXY_COUNT:
        forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(forwarded) >= settings.PROXY_COUNT:
            address = forwarded[-settings.PROXY_COUNT] or address
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip
