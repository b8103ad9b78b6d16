"""Request headers that a subscriber may add: which names, which characters, how many."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

MAX_HEADERS = 20
MAX_BYTES = 4096

# RFC 9110: a token; visible ASCII with blanks and tabs between. Beyond ASCII, servers read different things.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
# What goes on the wire may also hold latin-1; it can hold no line end and no other control character.
_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

# fmt: off
_FRAMING = frozenset((
    "host", "transfer-encoding", "te", "trailer", "connection", "keep-alive", "upgrade", "http2-settings",
    "expect",
))
_RESERVED = _FRAMING | {
    "signature", "user-agent", "accept-encoding",  # ours
    "metadata", "metadata-flavor", "x-identity-header",  # open the metadata services of clouds
    "forwarded", "via", "x-real-ip",  # would claim another sender
    "x-http-method", "x-http-method-override", "x-method-override",  # would make the POST something else
}
_RESERVED_PREFIXES = (
    "content-", "proxy-", "sec-", "webhook-", "callhooks-",
    "x-amz-", "x-aws-", "x-goog-", "x-google-", "x-forwarded-",
)
# fmt: on


class HeaderRefused(ValueError):
    """Headers that are not saved. The text says what to change."""


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as they are saved and sent, without blanks around the values. Raises HeaderRefused."""
    if len(headers) > MAX_HEADERS:
        raise HeaderRefused(f"There are more than {MAX_HEADERS} headers. Take some out.")
    checked: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise HeaderRefused("Header names and values must be text.")
        if not _NAME.fullmatch(name):
            raise HeaderRefused(f"The header name {name[:40]!a} is not valid. Use letters, digits and hyphens.")
        lowered = name.lower()
        if lowered in _RESERVED or lowered.startswith(_RESERVED_PREFIXES):
            raise HeaderRefused(f"The header {name[:60]} is set by this service or by the network. Take it out.")
        if lowered in seen:
            raise HeaderRefused(f"The header {name[:60]} is there twice. Take one out.")
        if not _VALUE.fullmatch(value):
            raise HeaderRefused(f"The value of {name[:60]} holds a line end or a character beyond ASCII. Take it out.")
        seen.add(lowered)
        checked[name] = value.strip(" \t")
    if sum(len(name) + len(value) + 4 for name, value in checked.items()) > MAX_BYTES:
        raise HeaderRefused(f"The headers are longer than {MAX_BYTES} bytes together. Shorten them.")
    return checked


class Unsendable(ValueError):
    """Headers that cannot go on the wire as they are, or would change how the request is framed."""


def header_lines(headers: Mapping[str, str]) -> list[str] | list[bytes]:
    """A line for each header, as libcurl takes them. Raises Unsendable."""
    has_type = _check_names(tuple(headers))
    try:
        text = "".join(headers.values())
    except TypeError:
        raise Unsendable from None
    if not _SENDABLE.fullmatch(text):
        raise Unsendable
    # libcurl takes a header that ends in a colon for one to leave out, and would make up a content type.
    lines = [f"{name}: {value}" if value.strip() else f"{name};" for name, value in headers.items()]
    if not has_type:
        lines.append("Content-Type:")
    return lines if text.isascii() else [line.encode("latin-1") for line in lines]


@lru_cache(maxsize=2048)  # nearly always the same few
def _check_names(names: tuple[str, ...]) -> bool:
    """Whether they name the content type. Raises Unsendable."""
    lowered = {name.lower() for name in names}
    if (
        not all(_NAME.fullmatch(name) for name in names)
        or lowered & _FRAMING
        or any(name.startswith(("content-length", "proxy-")) for name in lowered)
    ):
        raise Unsendable
    return "content-type" in lowered
