"""The receiver of a chaos run: says 200 to everything and remembers what came."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# How long an answer may take: so that there always is a request to be killed in the middle of.
SLOWEST_ANSWER = 0.06


@dataclass(frozen=True, slots=True)
class Arrival:
    body_hash: str
    at: float  # seconds since 1970


class Receiver:
    """What came, by the subscriber's path and the webhook's id."""

    def __init__(self) -> None:
        self.arrivals: defaultdict[tuple[str, str], list[Arrival]] = defaultdict(list)
        self.under_way = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
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
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self, path: str, webhook_id: str, body: bytes) -> None:
        arrival = Arrival(hashlib.sha256(body).hexdigest(), time.time())
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
            if len(body) == length:  # else the sender died in the middle
                receiver.take(self.path, self.headers.get("webhook-id", ""), body)
            time.sleep(random.uniform(0, SLOWEST_ANSWER))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
        finally:
            receiver.begin(-1)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing to say."""


class _Server(ThreadingHTTPServer):
    receiver: Receiver
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that was killed has hung up."""
