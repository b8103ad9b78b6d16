"""The engine's sending, with this installation's settings and keys: one network loop for each process."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings

from callhooks_site.version import NAME, VERSION

from ..lib.encryption import decrypt
from .http.client import Client
from .http.loop import Loop
from .oauth import Tokens
from .sending import Sending

USER_AGENT = f"{NAME}/{VERSION}"


def network_loop() -> Loop:
    """Its kept connections are what makes sending cheap, so it outlives the drains of its process."""
    return _network_loop()


def close() -> None:
    """Close the loop's connections; the next request makes a new loop."""
    if _network_loop.cache_info().currsize:
        _network_loop().close()
        _network_loop.cache_clear()


def sending() -> Sending:
    return Sending(decrypt=_plain, user_agent=USER_AGENT, retry_scale=settings.RETRY_TIME_SCALE, tokens=_tokens())


def new_loop() -> Loop:
    """A loop of one's own, to be closed: a thread has one, or none."""
    return Loop(**_options(), in_flight=settings.DELIVERY_IN_FLIGHT)


def new_client() -> Client:
    """A client of one's own, to be closed: a command's, that dials and sends nothing."""
    return Client(**_options(), in_flight=1)


def _options() -> dict[str, Any]:
    return {
        "allowed_networks": settings.WEBHOOK_ALLOWED_NETWORKS,
        "connect_timeout": settings.WEBHOOK_CONNECT_TIMEOUT,
        "total_timeout": settings.WEBHOOK_TOTAL_TIMEOUT,
        "user_agent": USER_AGENT,
        "proxy": settings.WEBHOOK_PROXY or None,
        "ca_bundle": settings.WEBHOOK_CA_BUNDLE or None,
    }


@lru_cache(maxsize=1)
def _network_loop() -> Loop:
    return new_loop()


@lru_cache(maxsize=1)
def _tokens() -> Tokens:
    return Tokens()


@lru_cache(maxsize=4096)
def _plain(stored: str) -> str:
    return decrypt(stored, keys=settings.FIELD_ENCRYPTION_KEYS)
