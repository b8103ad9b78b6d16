"""Taking secrets out of what is kept for the log. Pure.

A receiver may send back what it was sent, as it is or written as JSON, HTML or part of a URL writes it.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

MASK = "••••••"
# Shorter values are no secrets, and taking them out would take the text apart.
SHORTEST = 4


def holds(text: str, secrets: Iterable[str]) -> bool:
    """Whether there is anything to take out; nearly always there is not, and this is the cheaper question."""
    return any(spelled in text for spelled in _spellings(tuple(secrets)))


def masked(text: str, secrets: Iterable[str]) -> str:
    for spelled in _spellings(tuple(secrets)):
        text = text.replace(spelled, MASK)
    return text


def masked_bytes(body: bytes, secrets: Iterable[str], *, cut: bool = False) -> bytes:
    """`cut`: the body goes on, and a secret may have been cut in two by its end."""
    for spelled in _spellings(tuple(secrets)):
        raw = spelled.encode()
        body = body.replace(raw, MASK.encode())
        if cut:
            body = _without_beginning(body, raw)
    return body


@lru_cache(maxsize=512)
def _spellings(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Longest first: a password may be a part of another value."""
    found = {
        spelled
        for secret in secrets
        if len(secret) >= SHORTEST
        for spelled in (
            secret,
            json.dumps(secret)[1:-1],
            json.dumps(secret)[1:-1].replace("/", "\\/"),  # as PHP writes it
            json.dumps(secret, ensure_ascii=False)[1:-1],
            html.escape(secret),
            quote(secret, safe=""),
            quote_plus(secret),
            secret.encode().decode("latin-1"),  # as header values are read
        )
    }
    return tuple(sorted(found, key=len, reverse=True))


def _without_beginning(body: bytes, secret: bytes) -> bytes:
    for length in range(len(secret) - 1, SHORTEST - 1, -1):
        if body.endswith(secret[:length]):
            return body[:-length] + MASK.encode()
    return body
