"""A program that brings in forms and whole calls through the API, over kept-alive connections; cheap, so that it takes
little from what is measured.

python -m tests.bench.request_load     (reads lines of JSON, answers each with one)
"""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.bench.load import answer_lines, share_out

TIMEOUT_SECONDS = 60
READ_BYTES = 65536
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RESOURCE_ID = re.compile(rb'"resource_id": *"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `{}` in the path stands for the resource id that the first step was answered with."""

    method: str
    path: str
    body: dict[str, Any]


def steps(kind: str, number: str) -> Iterator[Step]:
    """Made when they are due: each says what happened by then."""
    if kind in ("form", "bare"):
        yield Step("POST", "/api/v1/forms/" if kind == "form" else "/forms/", FORM)
        return
    yield Step("POST", "/api/v1/calls/", {
        "direction": "inbound", "tracking_phone_number": number, "customer_phone_number": "+12145550123",
        "customer_name": "Ann Example", "start_time": _now(),
    })  # fmt: skip
    yield Step("PATCH", "/api/v1/calls/{}/", {"routed_at": _now(), "answered_at": _now()})
    yield Step("PATCH", "/api/v1/calls/{}/", {
        "ended_at": _now(), "recording_url": "https://media.example.com/1.mp3", "recording_duration": 13,
    })  # fmt: skip


FORM = {
    "form_data": {"name": "Ann Example", "email": "ann@example.com", "message": "Please call me about a new roof."},
    "form_url": "https://www.example.com/contact",
    "landing_page_url": "https://www.example.com/roofs?utm_source=google",
    "source": "google",
    "medium": "cpc",
}


class Connection:
    """`sent_at`: when the first byte of the last request was sent (monotonic clock)."""

    def __init__(self, port: int) -> None:
        self.sent_at = 0.0
        self._host = f"127.0.0.1:{port}"
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, step: Step, path: str, key: str) -> bytes:
        """The answer's body. Raises RuntimeError unless it is a 200 or 201."""
        body = json.dumps(step.body).encode()
        head = (
            f"{step.method} {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        request = head.encode() + body
        self.sent_at = time.monotonic()
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head_bytes, _, rest = received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head_bytes)
        if length is None or head_bytes[9:12] not in (b"200", b"201"):
            raise RuntimeError(f"{step.method} {path}: {head_bytes!r} {rest[:200]!r}")
        while len(rest) < int(length[1]):
            rest += self._more()
        return rest

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> bytes:
        data = self._socket.recv(READ_BYTES)
        if not data:
            raise RuntimeError("The web server closed the connection.")
        return data


@dataclass(frozen=True, slots=True)
class Customer:
    """A connection on which whole jobs are done, each for the next company."""

    connection: Connection
    asked: dict[str, Any]
    began: list[float]
    ended: list[float]

    def do(self, turn: int, due: float) -> None:
        companies = self.asked["companies"]
        key, number = companies[turn % len(companies)]
        resource_id = ""
        for step in steps(self.asked["kind"], number):
            answer = self.connection.send(step, step.path.format(resource_id), key)
            self.began[turn] = self.began[turn] or self.connection.sent_at
            if not resource_id and (found := _RESOURCE_ID.search(answer)):
                resource_id = found[1].decode()
        self.ended[turn] = time.monotonic()

    def close(self) -> None:
        self.connection.close()


def drive(asked: dict[str, Any]) -> dict[str, Any]:
    """Send `jobs` forms or whole calls over `connections`, as fast as they are answered or at `rate` a second, each for
    the next of `companies` (key and tracking number). Answers with the seconds for all, and with the times of the
    first byte and of the last answer of each (monotonic clock). Raises RuntimeError for an answer that is none of 200
    and 201."""
    began, ended = [0.0] * asked["jobs"], [0.0] * asked["jobs"]
    seconds = share_out(
        asked["jobs"],
        lambda: Customer(Connection(asked["port"]), asked, began, ended),
        connections=asked["connections"],
        rate=asked["rate"],
    )
    return {"seconds": seconds, "began": began, "ended": ended}


def _now() -> str:
    return datetime.now(UTC).isoformat()


if __name__ == "__main__":
    answer_lines(drive)
