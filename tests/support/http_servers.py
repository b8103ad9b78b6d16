"""HTTP servers on 127.0.0.1 for tests: one that runs for a block, and one that has a file to give."""

from __future__ import annotations

import re
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class QuietHandler(BaseHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing on standard error for each request."""


@contextmanager
def running_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Its address, without a path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class FileServer:
    """Gives `content` to whoever logs in, or to anybody; `ranges` off: the whole, whatever is asked."""

    def __init__(self, content: bytes, kind: str, *, login: str = "") -> None:
        self.content, self.kind, self.login = content, kind, login
        self.asked: list[tuple[str, str, str]] = []  # path, login and range of each request
        self.ranges, self.status = True, 0
        self.elsewhere = ""  # where it redirects to
        self.address = ""

    @contextmanager
    def running(self) -> Iterator[None]:
        with running_server(type("Handler", (_FileHandler,), {"file_server": self})) as self.address:
            yield


class _FileHandler(QuietHandler):
    file_server: FileServer

    def do_GET(self) -> None:
        server = self.file_server
        login = b64decode(self.headers.get("Authorization", "")[6:]).decode()
        wanted = self.headers.get("Range", "")
        server.asked.append((self.path, login, wanted))
        if server.login and login != server.login:
            return self.send_error(401)
        if server.elsewhere and not self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", server.elsewhere)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if server.status:
            return self.send_error(server.status)
        place = re.fullmatch(r"bytes=(\d+)-(\d+)", wanted)
        size = len(server.content)
        if not (server.ranges and place):
            return self._send(200, server.content)
        start, end = int(place[1]), min(int(place[2]), size - 1)
        if start >= size:
            return self._send(416, b"", f"bytes */{size}")
        return self._send(206, server.content[start : end + 1], f"bytes {start}-{end}/{size}")

    def _send(self, status: int, content: bytes, place: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", self.file_server.kind)
        self.send_header("Content-Length", str(len(content)))
        if place:
            self.send_header("Content-Range", place)
        self.end_headers()
        self.wfile.write(content)
