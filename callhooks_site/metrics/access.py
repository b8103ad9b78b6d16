"""Who may read the metrics: whoever has the token, or asks from an allowed network. Nobody, unless one is set."""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from ipaddress import ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ..security.client_address import full_address

OFF = "Metrics are off. Set METRICS_TOKEN or METRICS_NETWORKS to read them; docs/monitoring.md says how.\n"
NEEDS_TOKEN = "Send the token of METRICS_TOKEN: Authorization: Bearer TOKEN. docs/monitoring.md says how.\n"
WRONG_NETWORK = "Your address is in none of METRICS_NETWORKS. Behind a proxy, PROXY_COUNT must be right.\n"


def refuse(request: HttpRequest) -> HttpResponse | None:
    """The answer to who may not read them, None for who may. The token or the network is enough."""
    if not settings.METRICS_TOKEN and not settings.METRICS_NETWORKS:
        return _say(OFF, 403)
    if settings.METRICS_TOKEN and _has_token(request):
        return None
    if settings.METRICS_NETWORKS and _is_near(request):
        return None
    if settings.METRICS_TOKEN:
        response = _say(NEEDS_TOKEN, 401)
        response.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return response
    return _say(WRONG_NETWORK, 403)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    # Hashes, so that the time says nothing of the length either, and of any characters.
    return scheme.lower() == "bearer" and compare_digest(_hash(given.strip()), _hash(settings.METRICS_TOKEN))


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()


def _is_near(request: HttpRequest) -> bool:
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded and not 0 < settings.PROXY_COUNT <= forwarded.count(",") + 1:
        return False  # PROXY_COUNT is wrong: the address is a proxy's, and everybody comes through it
    address = full_address(request)
    return address is not None and any(address in ip_network(network) for network in settings.METRICS_NETWORKS)


def _say(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
