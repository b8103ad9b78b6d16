"""Reading what a receiver answers, with a limit on everything it could make large or endless.

A reader of our own instead of http.client's: that one follows 100-continue for ever, has its limits as
globals, and turns headers into mail messages, which costs more time than all the rest of a request.
"""

from __future__ import annotations

import re
import socket
from typing import NamedTuple

from .deadline import Deadline
from .failures import SendFailed

KEPT_BODY = 16 * 1024  # what an attempt stores
DRAINED_BODY = 64 * 1024  # what is read at most so that the connection can be used again
MAX_HEAD = 32 * 1024  # status line and headers together
MAX_HEADERS = 100
MAX_INTERIM = 8  # 100 Continue, 103 Early Hints …
MAX_CHUNK_LINE = 1024
MAX_TRAILERS = 20
MAX_RAW = 4 * DRAINED_BODY  # with the framing of chunks, which can be larger than what they hold

_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) ([0-9]{3})(?: .*)?", re.DOTALL)
_HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?", re.DOTALL)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Broken(Exception):
    """The body ended or stopped making sense before its end."""


class BodyRead(NamedTuple):
    kept: bytes
    truncated: bool  # there was more than `kept`, or the end never came
    broken: bool  # the end never came
    reusable: bool  # the next request may use the connection


class Wire:
    """Bytes from a socket. Each wait ends at the deadline; the sum of all bytes is limited."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self.deadline = deadline
        self.total = 0
        self._buffer = bytearray()

    def fill(self) -> bool:
        """Wait for more bytes; False when the other side has closed."""
        if self.total >= MAX_RAW:
            raise Broken
        self._sock.settimeout(self.deadline.left())
        data = self._sock.recv(16 * 1024)
        self.total += len(data)
        self._buffer += data
        return bool(data)

    def line(self, limit: int) -> bytes:
        """The next line without its end. Raises Broken when it is longer than `limit` or the stream ends."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > limit or not self.fill():
                raise Broken
        if end > limit:
            raise Broken
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    def some(self, most: int) -> bytes:
        """At least one byte and at most `most`; none at the end of the stream."""
        if not self._buffer:
            self.fill()
        data = bytes(self._buffer[:most])
        del self._buffer[:most]
        return data

    @property
    def empty(self) -> bool:
        return not self._buffer


class Head(NamedTuple):
    version: int  # the digit after "HTTP/1."
    status: int
    headers: list[tuple[str, str]]
    clean: bool  # every header line was well formed, so that the framing can be trusted for another request

    def values(self, name: str) -> list[str]:
        return [value for given, value in self.headers if given.lower() == name]


def read_head(wire: Wire) -> Head:
    """The final status and headers; interim ones are skipped. Raises SendFailed, OSError."""
    for _ in range(MAX_INTERIM + 1):
        head = _read_one_head(wire)
        if head.status == 101:
            raise SendFailed("bad_response", "The server switched to another protocol, which was not asked for.")
        if 200 <= head.status <= 599:
            return head
        if not 100 <= head.status <= 199:
            raise SendFailed("bad_response", f"The server answered with status {head.status:03}, which HTTP lacks.")
    raise SendFailed("bad_response", "The server sent interim answers without end.")


def _read_one_head(wire: Wire) -> Head:
    left = MAX_HEAD
    try:
        first = wire.line(left)
    except Broken:
        if wire.empty:
            raise ConnectionResetError from None  # closed instead of an answer
        raise SendFailed("bad_response", "The server did not answer in HTTP.") from None
    match = _STATUS_LINE.fullmatch(first)
    if not match:
        raise SendFailed("bad_response", "The server did not answer in HTTP.")
    headers: list[tuple[str, str]] = []
    clean = True
    while True:
        left -= len(first)
        try:
            first = wire.line(left)
        except Broken:
            raise SendFailed(
                "bad_response", "The server's answer broke off in its headers, or they are too long."
            ) from None
        if not first:
            return Head(int(match[1]), int(match[2]), headers, clean)
        if len(headers) >= MAX_HEADERS:
            raise SendFailed("bad_response", f"The server's answer has more than {MAX_HEADERS} headers.")
        name, colon, value = first.partition(b":")
        clean = clean and bool(colon and _HEADER_NAME.fullmatch(name))
        headers.append((storable(name), storable(value.strip(b" \t"))))


def storable(raw: bytes) -> str:
    """Text that a database and a page can hold: latin-1, each control character as U+FFFD."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", raw.decode("latin-1"))


def read_body(wire: Wire, head: Head) -> BodyRead:
    """The body's first KEPT_BODY bytes, undecoded. Never raises: a status counts, whatever its body does."""
    length = _length(head)
    keep_alive = _keeps_alive(head)
    body = bytearray()
    try:
        if head.status in (204, 304):
            whole = True
        elif _is_chunked(head):
            whole = _read_chunks(wire, body)
        elif length is not None:
            whole = _read_length(wire, body, length)
        else:
            whole, keep_alive = _read_to_the_end(wire, body), False
        broken = False
    except (Broken, OSError):
        whole, broken = False, True
    return BodyRead(
        kept=bytes(body[:KEPT_BODY]),
        truncated=not whole or len(body) > KEPT_BODY,
        broken=broken,
        # Bytes that nobody asked for would be taken for the next answer.
        reusable=whole and keep_alive and head.clean and wire.empty,
    )


def _read_length(wire: Wire, body: bytearray, length: int) -> bool:
    if length > DRAINED_BODY:
        _take(wire, body, KEPT_BODY)
        return False
    _take(wire, body, length)
    return True


def _read_to_the_end(wire: Wire, body: bytearray) -> bool:
    while len(body) <= KEPT_BODY:
        data = wire.some(KEPT_BODY)
        if not data:
            return True
        body += data
    return False


def _read_chunks(wire: Wire, body: bytearray) -> bool:
    while True:
        match = _CHUNK_SIZE.fullmatch(wire.line(MAX_CHUNK_LINE))
        if not match:
            raise Broken
        size = int(match[1], 16)
        if size == 0:
            break
        if len(body) + size > DRAINED_BODY:
            _take(wire, body, max(KEPT_BODY - len(body), 0))
            return False
        _take(wire, body, size)
        if wire.line(MAX_CHUNK_LINE):
            raise Broken
    for _ in range(MAX_TRAILERS):
        if not wire.line(MAX_CHUNK_LINE):
            return True
    raise Broken


def _take(wire: Wire, body: bytearray, count: int) -> None:
    while count:
        data = wire.some(count)
        if not data:
            raise Broken
        body += data
        count -= len(data)


def _is_chunked(head: Head) -> bool:
    return ",".join(head.values("transfer-encoding")).lower().strip() == "chunked"


def _length(head: Head) -> int | None:
    """The length that was announced, None where there is none to be trusted."""
    lengths = set(head.values("content-length"))
    if len(lengths) != 1 or head.values("transfer-encoding"):
        return None
    text = lengths.pop()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _keeps_alive(head: Head) -> bool:
    if head.values("transfer-encoding") and head.values("content-length"):
        return False  # two answers to where the body ends: someone on the way may read the other one
    tokens = {token.strip().lower() for value in head.values("connection") for token in value.split(",")}
    return "close" not in tokens if head.version else "keep-alive" in tokens
