"""Taking secrets out of what is kept for the log. Pure.

A receiver may send back what it was sent, as it is or written as JSON, HTML or part of a URL writes it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

MASK = "••••••"
# Shorter values are no secrets, and taking them out would take the text apart.
SHORTEST = 4
_ESCAPED = re.compile(r"%[0-9A-F]{2}")
_PLAIN = re.compile(r"[0-9A-Za-z]+")


def holds(text: str, secrets: Iterable[str]) -> bool:
    """Whether there is anything to take out; nearly always there is not, and this is the cheaper question."""
    secrets = tuple(secrets)
    return _may_hold(text, secrets) and any(spelled in text for spelled in _spellings(secrets))


def masked(text: str, secrets: Iterable[str]) -> str:
    for spelled in _spellings(tuple(secrets)):
        text = text.replace(spelled, MASK)
    return text


def masked_bytes(body: bytes, secrets: Iterable[str], *, cut: bool = False) -> bytes:
    """`cut`: the body goes on, and a secret may have been cut in two by its end."""
    secrets = tuple(secrets)
    if not cut and not _may_hold(body.decode("latin-1"), secrets):
        return body
    for spelled in _spellings(secrets):
        raw = spelled.encode()
        body = body.replace(raw, MASK.encode())
        if cut:
            body = _without_beginning(body, raw)
    return body


def _may_hold(text: str, secrets: tuple[str, ...]) -> bool:
    """False only if no spelling of a secret is in the text. To make the spellings costs a hundred times as much."""
    return any(core in text for core in _cores(secrets))


@lru_cache(maxsize=4096)
def _cores(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """The longest row of letters and digits of each: no spelling changes those. It may be empty."""
    return tuple({max(_PLAIN.findall(secret), key=len, default="") for secret in secrets if len(secret) >= SHORTEST})


@lru_cache(maxsize=512)
def _spellings(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Longest first: a password may be a part of another value."""
    found = {spelled for secret in secrets if len(secret) >= SHORTEST for spelled in _ways_to_write(secret)}
    return tuple(sorted(found, key=len, reverse=True))


def _ways_to_write(secret: str) -> Iterator[str]:
    yield secret
    yield secret.encode().decode("latin-1")  # as header values are read
    for written in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield written
        yield written.replace("/", "\\/")  # PHP
        yield written.replace("'", "\\'")  # JavaScript's texts
        for apostrophe in ("'", "\\u0027"):
            # Go, Rails, PHP with its flags: what is markup is written by its code, in small letters or capitals.
            for lower, greater, ampersand in (("\\u003c", "\\u003e", "\\u0026"), ("\\u003C", "\\u003E", "\\u0026")):
                coded = written.replace("<", lower).replace(">", greater).replace("&", ampersand)
                yield coded.replace("'", apostrophe)
    yield html.escape(secret)
    yield html.escape(secret, quote=False)
    yield html.escape(secret, quote=False).replace("'", "&#39;").replace('"', "&#34;")
    yield html.escape(secret, quote=False).replace("'", "&#39;").replace('"', "&quot;")
    for safe in ("", "/", "!'()*", "!'()*/"):  # everything, Python's default, encodeURIComponent
        for encoded in (quote(secret, safe=safe), quote_plus(secret, safe=safe)):
            yield encoded
            yield _ESCAPED.sub(lambda found: found[0].lower(), encoded)


def _without_beginning(body: bytes, secret: bytes) -> bytes:
    for length in range(len(secret) - 1, SHORTEST - 1, -1):
        if body.endswith(secret[:length]):
            return body[:-length] + MASK.encode()
    return body
