"""The receiver of a chaos run: it answers every request with a token of its own, and remembers what came.

One of its paths is hostile. It answers that there is no content, announces some all the same, and sends it when the
sender may be using the connection for the next request: a whole answer that nobody gave to that request.
"""

from __future__ import annotations

import hashlib
import random
import secrets
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# How long an answer may take: so that there always is a request to be killed in the middle of.
SLOWEST_ANSWER = 0.06
FORGER = "/forger"
FORGED_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
FORGED_AFTER = 0.03


@dataclass(frozen=True, slots=True)
class Arrival:
    body_hash: str
    at: float  # seconds since 1970
    answer: str  # the body that it was answered with


class Receiver:
    """What came, by the subscriber's path and the webhook's id."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.arrivals: defaultdict[tuple[str, str], list[Arrival]] = defaultdict(list)
        self.under_way = 0
        self._lock = threading.Lock()
        self._server = _Server((host, 0), _Handler)
        self._server.receiver = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self._server.server_address)

    def count(self) -> int:
        """How many webhooks have arrived, repeats included."""
        with self._lock:
            return sum(len(came) for came in self.arrivals.values())

    def take(self, path: str, webhook_id: str, body: bytes, answer: str) -> None:
        arrival = Arrival(hashlib.sha256(body).hexdigest(), time.time(), answer)
        with self._lock:
            self.arrivals[path, webhook_id].append(arrival)

    def begin(self, number: int) -> None:
        with self._lock:
            self.under_way += number


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        receiver = self.server.receiver
        receiver.begin(1)
        try:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            answer = "" if self.path.startswith(FORGER) else secrets.token_hex(8)
            if len(body) == length:  # else the sender died in the middle
                receiver.take(self.path, self.headers.get("webhook-id", ""), body, answer)
            time.sleep(random.uniform(0, SLOWEST_ANSWER))
            if answer:
                self._answer(answer.encode())
            else:
                self._forge()
        finally:
            receiver.begin(-1)

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _forge(self) -> None:
        self.wfile.write(b"HTTP/1.1 204 No Content\r\nContent-Length: %d\r\n\r\n" % len(FORGED_ANSWER))
        self.wfile.flush()
        time.sleep(FORGED_AFTER)
        self.wfile.write(FORGED_ANSWER)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept, not logged."""


class _Server(ThreadingHTTPServer):
    receiver: Receiver
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that was killed closes its connections."""
