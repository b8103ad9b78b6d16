"""What libcurl hands over of an answer, within limits, and what is made of it. Pure: bytes in, text out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .failures import SendFailed

KEPT_BODY = 16 * 1024  # what an attempt stores
READ_BODY = 64 * 1024  # what is read at most so that the connection can be used again
MAX_PIECES = 1024  # in which a body may come: tiny chunks cost more than they hold
MAX_HEAD = 32 * 1024  # status line and headers together
MAX_HEADERS = 100
MAX_INTERIM = 8  # 100 Continue, 103 Early Hints …
MAX_TRAILERS = 20
CACHED_LINE = 200  # bytes: longer lines are seldom the same again
PLAIN, LENGTH, CODING, UNCLEAN = range(4)

# libcurl takes HTTP/2 and other spellings here too; on a connection of HTTP/1 they are rubbish.
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: [^\r\n]*)?\r?\n")
_HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_KINDS = {b"content-length": LENGTH, b"transfer-encoding": CODING}
# Control characters, and those that turn the text around them.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(slots=True)
class Head:
    """The headers of an answer, and what they say of its body."""

    headers: list[tuple[str, str]]
    announces_body: bool  # also where a status has none
    is_long: bool  # longer than what is read of one
    in_doubt: bool  # somebody on the way could read its end elsewhere: its connection is not used again

    def values(self, wanted: str) -> list[str]:
        """All values of a header; `wanted` in lower case."""
        return [value for name, value in self.headers if name.lower() == wanted]


def read_status(line: bytes) -> int:
    """The status of a status line: 100 to 199 but 101, or 200 to 599. Raises SendFailed."""
    return _read_status(line) if len(line) <= CACHED_LINE else _read_status.__wrapped__(line)


def read_head(lines: list[bytes]) -> Head:
    """From the header lines."""
    headers: list[tuple[str, str]] = []
    lengths: list[str] = []
    in_doubt = is_coded = False
    for line in lines:
        header, kind = _read_header(line) if len(line) <= CACHED_LINE else _read_header.__wrapped__(line)
        headers.append(header)
        if kind == LENGTH:
            lengths.append(header[1])
        elif kind == CODING:
            is_coded = True
        elif kind == UNCLEAN:
            in_doubt = True
    return Head(
        headers,
        announces_body=is_coded or any(length.strip("0") for length in lengths),
        is_long=any(_is_long(length) for length in lengths),
        in_doubt=in_doubt or len(lengths) + is_coded > 1,
    )


def storable(raw: bytes) -> str:
    """Text that a database and a page can hold: UTF-8, or what is none latin-1; what cannot be seen is U+FFFD."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


@lru_cache(maxsize=256)
def _read_status(line: bytes) -> int:
    match = _STATUS_LINE.fullmatch(line)
    if not match:
        raise SendFailed("bad_response", "The server did not answer in HTTP.")
    status = int(match[1])
    if status == 101:
        raise SendFailed("bad_response", "The server switched to another protocol, which was not asked for.")
    if not 100 <= status <= 599:
        raise SendFailed("bad_response", f"The server answered with status {status:03}, which HTTP lacks.")
    return status


@lru_cache(maxsize=4096)  # servers say the same again and again
def _read_header(line: bytes) -> tuple[tuple[str, str], int]:
    name, _, value = line.partition(b":")
    header = storable(name), storable(value.strip(b" \t\r\n"))
    if not _HEADER_NAME.fullmatch(name):
        return header, UNCLEAN
    return header, _KINDS.get(name.lower(), PLAIN)


def _is_long(length: str) -> bool:
    return len(length) > 18 or (length.isdigit() and int(length) > READ_BODY)
