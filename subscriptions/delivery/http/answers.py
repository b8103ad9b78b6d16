"""What libcurl hands over of an answer, within limits, and what is made of it. Pure: bytes in, text out."""

from __future__ import annotations

import re

from .failures import SendFailed

KEPT_BODY = 16 * 1024  # what an attempt stores
READ_BODY = 64 * 1024  # what is read at most so that the connection can be used again
MAX_PIECES = 1024  # in which a body may come: tiny chunks cost more than they hold
MAX_HEAD = 32 * 1024  # status line and headers together
MAX_HEADERS = 100
MAX_INTERIM = 8  # 100 Continue, 103 Early Hints …
MAX_TRAILERS = 20

# libcurl takes HTTP/2 and other spellings here too; on a connection of HTTP/1 they are rubbish.
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: [^\r\n]*)?\r?\n")
_HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def read_status(line: bytes) -> int:
    """The status of a status line: 100 to 199 but 101, or 200 to 599. Raises SendFailed."""
    match = _STATUS_LINE.fullmatch(line)
    if not match:
        raise SendFailed("bad_response", "The server did not answer in HTTP.")
    status = int(match[1])
    if status == 101:
        raise SendFailed("bad_response", "The server switched to another protocol, which was not asked for.")
    if not 100 <= status <= 599:
        raise SendFailed("bad_response", f"The server answered with status {status:03}, which HTTP lacks.")
    return status


def read_headers(lines: list[bytes]) -> list[tuple[str, str]]:
    """Header lines as they are stored and shown."""
    headers = []
    for line in lines:
        name, _, value = line.partition(b":")
        headers.append((storable(name), storable(value.strip(b" \t\r\n"))))
    return headers


def values(headers: list[tuple[str, str]], wanted: str) -> list[str]:
    """All values of a header; `wanted` in lower case."""
    return [value for name, value in headers if name.lower() == wanted]


def announces_body(headers: list[tuple[str, str]]) -> bool:
    """Whether a body is said to follow, also after a status that has none."""
    lengths = values(headers, "content-length")
    return any(length.strip("0") for length in lengths) or bool(values(headers, "transfer-encoding"))


def is_long(headers: list[tuple[str, str]]) -> bool:
    """Whether the body is announced to be longer than what is read of one."""
    return any(
        len(length) > 18 or (length.isdigit() and int(length) > READ_BODY)
        for length in values(headers, "content-length")
    )


def framing_in_doubt(lines: list[bytes], headers: list[tuple[str, str]]) -> bool:
    """Whether somebody on the way could read the end of it elsewhere: then its connection is not used again."""
    names = [name.lower() for name, _ in headers]
    lengths = names.count("content-length")
    return (
        (lengths > 0 and "transfer-encoding" in names)
        or lengths > 1
        or not all(_HEADER_NAME.fullmatch(line.partition(b":")[0]) for line in lines)
    )


def storable(raw: bytes) -> str:
    """Text that a database and a page can hold: latin-1, each control character as U+FFFD."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", raw.decode("latin-1"))
