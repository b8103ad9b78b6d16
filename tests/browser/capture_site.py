"""A web site on 127.0.0.1 with forms of all builders, the capture script, and a list of what the script sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from forms_intake.web.script import list_versions
from tests.support.http_servers import QuietHandler, running_server

FILES = Path(__file__).resolve().parents[1] / "data" / "capture"
KEY = "KEY"


class CaptureSite:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.url = ""

    def take(self) -> list[dict[str, Any]]:
        """What came since the last time."""
        taken, self.sent = self.sent, []
        return taken


class _Handler(QuietHandler):
    site: CaptureSite

    def do_GET(self) -> None:
        kind, body = "text/html", b""
        if self.path == "/js/capture.js":
            kind, body = "text/javascript", list_versions()[-1].content
        elif self.path == "/site.js":
            kind, body = "text/javascript", (FILES / "site.js").read_bytes()
        elif self.path == "/" or self.path.startswith("/?"):
            body = (FILES / "page.html").read_bytes()
        self._answer(kind, body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == f"/{KEY}":
            self.site.sent.append(json.loads(body))
        self._answer("text/html", (FILES / "page.html").read_bytes() if self.path == "/" else b"")

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200 if body else 204)  # after 204 a browser stays on its page
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        if body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running() -> Iterator[CaptureSite]:
    site = CaptureSite()
    with running_server(type("Handler", (_Handler,), {"site": site})) as address:
        site.url = f"{address}/"
        yield site
