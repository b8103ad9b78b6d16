"""Request headers that a subscriber may add: which names, which characters, how many."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

MAX_HEADERS = 20
MAX_BYTES = 4096

# Letters, digits and hyphens. RFC 9110 allows more, but servers in front fold an underscore into a hyphen: the header
# X_Forwarded_For would arrive as X-Forwarded-For.
_NAME = re.compile(r"[0-9A-Za-z-]+")
# Visible ASCII with blanks and tabs between. Beyond ASCII, servers read different things.
_VALUE = re.compile(r"[\t\x20-\x7e]*")
# What goes on the wire: any token, as older rows may have it. Values may also hold latin-1, but no line end and no
# other control character.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

_FRAMING = frozenset((
    "host", "transfer-encoding", "te", "trailer", "connection", "keep-alive", "upgrade", "http2-settings",
    "expect",
))  # fmt: skip
# Names that are refused, by kind: (why, whole names, part of a name as a regular expression).
_KINDS: tuple[tuple[str, frozenset[str], re.Pattern[str]], ...] = (
    (
        "belongs to the connection or to the body",
        _FRAMING | {"accept-encoding", "digest", "repr-digest", "alt-svc", "alt-used", "early-data", "close", "http2"},
        re.compile(r"^(content|transfer|proxy|sec|trailer|http2)-"),
    ),
    (
        "is set by this service",
        frozenset({"signature", "user-agent"}),
        re.compile(r"^(x-)?(signature|webhook|callhooks)-"),
    ),
    (
        "opens the metadata service of a cloud",
        frozenset({"x-identity-header"}),
        re.compile(r"metadata|^x-(amz|amzn|aws|goog|google|ms|oci)-"),
    ),
    (
        "tells who the client is, which only your own servers can know",
        frozenset({"via", "from-ip", "x-ip", "x-remote", "x-host", "x-proxyuser-ip"}),
        re.compile(
            r"forwarded|"
            r"(^|-)((client|connecting|real|remote|source|src|origin|originating|user|peer|socket|visitor|true|orig)-?)"
            r"(ip|ipv4|ipv6|addr|address|host|port)($|-)|"
            r"^cf-|^fastly-|^fly-|^akamai-|^true-client|^x-(azure|appengine|envoy|vercel|sucuri|cluster|ssl|arr)-|"
            r"^(x-)?(ssl-client|client-(cert|dn|verify)|remote-(user|groups?|extra)|auth-request|webauth|authenticated)"
        ),
    ),
    (
        "changes the method or the address of the request",
        frozenset({"x-http-method", "script-name", "x-script-name", "path-info", "request-uri"}),
        re.compile(
            r"override|^x-(original|rewrite|rewritten|accel|invoke|middleware|matched|proxy|lighttpd|sendfile)(-|$)|"
            r"^(x-)?(original|request|base)-(url|uri|path|host|method)$"
        ),
    ),
)


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
        for why, names, pattern in _KINDS:
            if lowered in names or pattern.search(lowered):
                raise HeaderRefused(f"The header {name[:60]} {why}. Take it out.")
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
        not all(_TOKEN.fullmatch(name) for name in names)
        or lowered & _FRAMING
        or any(name.startswith(("content-length", "proxy-")) for name in lowered)
    ):
        raise Unsendable
    return "content-type" in lowered
