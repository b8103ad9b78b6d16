"""The engine's sending, with this installation's settings and keys: one HTTP client for each process."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock

from django.conf import settings

from callhooks_site.version import NAME, VERSION

from ..lib.encryption import decrypt
from .http.client import Client
from .outbox import Claimed, Outcome
from .sending import attempt

USER_AGENT = f"{NAME}/{VERSION}"
_making = Lock()


def http_client() -> Client:
    """Its kept-alive connections and its TLS context are what makes sending cheap."""
    with _making:  # threads that ask at the same moment must not make one each
        return _http_client()


def close() -> None:
    """Close the client's idle connections; the next request makes a new client."""
    with _making:
        if _http_client.cache_info().currsize:
            _http_client().close()
            _http_client.cache_clear()


def send(claimed: Claimed, clock_offset: float) -> Outcome:
    """One attempt at a claimed delivery. `clock_offset`: the database's clock minus this machine's, in seconds."""
    return attempt(
        claimed,
        client=http_client(),
        decrypt=_plain,
        user_agent=USER_AGENT,
        clock_offset=clock_offset,
        retry_scale=settings.RETRY_TIME_SCALE,
    )


def new_client() -> Client:
    """A client of one's own, to be closed: a command's, that dials and sends nothing."""
    return Client(
        allowed_networks=settings.WEBHOOK_ALLOWED_NETWORKS,
        connect_timeout=settings.WEBHOOK_CONNECT_TIMEOUT,
        total_timeout=settings.WEBHOOK_TOTAL_TIMEOUT,
        per_host=settings.DELIVERY_PER_ENDPOINT,
        user_agent=USER_AGENT,
        proxy=settings.WEBHOOK_PROXY or None,
        ca_bundle=settings.WEBHOOK_CA_BUNDLE or None,
    )


@lru_cache(maxsize=1)
def _http_client() -> Client:
    return new_client()


@lru_cache(maxsize=4096)
def _plain(stored: str) -> str:
    return decrypt(stored, keys=settings.FIELD_ENCRYPTION_KEYS)
