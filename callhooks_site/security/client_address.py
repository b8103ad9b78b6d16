"""Where a request comes from, for counting. Never for deciding who somebody is."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

IPV6_HOUSEHOLD = 64  # bits: who has one IPv6 address has all of its /64


def client_address(request: HttpRequest) -> str | None:
    """The client's address, or of IPv6 its /64, behind PROXY_COUNT proxies of ours; None where there is none.

    What stands further left in X-Forwarded-For is what the client itself wrote.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.PROXY_COUNT:
        told = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(told) >= settings.PROXY_COUNT:
            address = told[-settings.PROXY_COUNT] or address
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        keep = 128 - IPV6_HOUSEHOLD
        return str(IPv6Address(int(ip) >> keep << keep))
    return str(ip)
