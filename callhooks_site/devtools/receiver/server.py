"""The HTTP server: HTTP/1.1 with keep-alive, POST on any path, GET for the demo's recordings."""

import re
import socketserver
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .tones import find_recording
from .webhooks import WebhookHandler

RANGE = re.compile(r"bytes=(\d{1,12})-(\d{0,12})")
REFUSING = "/lead-sheet"  # of the subscription that fails in `./dev demo --month`
LARGEST_BODY = 10 * 1024 * 1024
HOST = "127.0.0.1"
GREETING = "This is the Callhooks demo receiver. It takes webhooks by POST, on any path.\n"


class Handler(BaseHTTPRequestHandler):
    server: "Receiver"
    protocol_version = "HTTP/1.1"
    server_version = "callhooks-demo-receiver"
    sys_version = ""
    error_message_format = "%(message)s\n"
    error_content_type = "text/plain; charset=utf-8"
    # Seconds until an idle connection is closed: long, so that a sender can reuse it.
    timeout = 3600
    # Send each response at once, in one packet: otherwise Nagle and delayed ACKs cost 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        length = self._length()
        if length is None:
            return
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            self.server.webhooks.report_refused(f"hung up after {len(body)} of {length} bytes")
            return
        if self.path.startswith(REFUSING):
            self._answer(HTTPStatus.UNAUTHORIZED, '{"error":"login required"}\n')
            return
        status, words = self.server.webhooks.receive(path=self.path, headers=self._headers(), body=body)
        self._answer(status, words + "\n")

    def do_GET(self) -> None:
        recording = find_recording(self.path)
        if recording is None:
            self._answer(HTTPStatus.OK, GREETING)
        else:
            self._answer_recording(recording)

    def do_HEAD(self) -> None:
        self._answer(HTTPStatus.OK, GREETING, with_body=False)

    def _answer_recording(self, recording: bytes) -> None:
        """The recording, or the part that a player jumps to."""
        asked = RANGE.fullmatch(self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        end = min(int(asked[2]) if asked and asked[2] else len(recording) - 1, len(recording) - 1)
        if asked and not start <= end:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{len(recording)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK)
        self.send_header("Content-Type", "audio/wav")
        self.send_header("Content-Length", str(end - start + 1))
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(recording)}")
        self.end_headers()
        self.wfile.write(recording[start : end + 1])

    def _length(self) -> int | None:
        """The body's length, or None if the request was refused because of it."""
        given = self.headers.get_all("Content-Length") or []
        if not given or "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length")
        elif len(set(given)) > 1 or not (given[0].isascii() and given[0].isdigit() and len(given[0]) < 16):
            self.send_error(HTTPStatus.BAD_REQUEST, "The Content-Length is not a number")
        elif int(given[0]) > LARGEST_BODY:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {LARGEST_BODY} bytes")
        else:
            return int(given[0])
        return None

    def _headers(self) -> dict[str, str]:
        """Each name once, in their order; repeated headers are joined with commas."""
        joined: dict[str, str] = {}
        spelled: dict[str, str] = {}
        for name, value in self.headers.items():
            first = spelled.setdefault(name.lower(), name)
            joined[first] = f"{joined[first]}, {value}" if first in joined else value
        return joined

    def _answer(self, status: HTTPStatus, words: str, *, with_body: bool = True) -> None:
        content = words.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        self.server.webhooks.report_refused(f"{self.requestline[:80]} · {int(code)} {message or ''}".rstrip())
        super().send_error(code, message, explain)

    def log_message(self, format: str, *args: Any) -> None:
        """The webhooks does the talking."""


class Receiver(ThreadingHTTPServer):
    daemon_threads = True  # open connections must not delay the end
    request_queue_size = 128

    def __init__(self, port: int, webhooks: WebhookHandler) -> None:
        """Raises OSError when the port is taken."""
        self.webhooks = webhooks
        super().__init__((HOST, port), Handler)

    def server_bind(self) -> None:
        """Skips HTTPServer's lookup of the host name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):  # a client that disconnected is normal
            self.webhooks.report_refused(f"{type(error).__name__}: {error}")
