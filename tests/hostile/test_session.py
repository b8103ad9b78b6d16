"""Single requests by the guarded session: what is dialled is judged, nothing is followed, everything ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from subscriptions.delivery.http import session as module
from subscriptions.delivery.http.failures import SendFailed
from subscriptions.delivery.http.session import GuardedSession
from subscriptions.delivery.http.url_rules import UrlRefused

LOCAL = ["127.0.0.0/8"]
INNER = ["127.0.0.1", "localhost", "10.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/target")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("X-Seen", self.headers.get("Authorization", ""))
        self.end_headers()
        if self.path == "/drip":
            for _ in range(100):
                self.wfile.write(b"x" * 70_000)
                time.sleep(0.05)
        self.wfile.write(b"x" * 1_000)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def get(url, networks=LOCAL, *, most_bytes=10_000, seconds=5.0):
    return GuardedSession(allowed_networks=networks).get(
        url, {"Authorization": "Token x"}, most_bytes=most_bytes, seconds=seconds
    )


def test_an_answer(url):
    reply = get(f"{url}/")
    assert (reply.status, len(reply.body), reply.headers["x-seen"]) == (200, 1_000, "Token x")


@pytest.mark.parametrize("host", INNER)
def test_inner_addresses_are_refused(host):
    with pytest.raises((SendFailed, UrlRefused)):
        get(f"http://{host}:8999/", [])


def test_a_name_that_leads_inside_is_refused(monkeypatch, url):
    monkeypatch.setattr(module, "system_resolve", lambda name: ["93.184.216.34", "10.0.0.7"])
    with pytest.raises(SendFailed, match="public internet"):
        get("http://example.com/", [])


def test_what_the_client_would_dial_is_what_is_judged(url):
    for odd in ("http://127.0.0.1:80\\@example.com/", "http://user@example.com/", "ftp://example.com/"):
        with pytest.raises(UrlRefused):
            get(odd)


def test_redirects_are_not_followed(url):
    assert get(f"{url}/redirect").status == 302


def test_an_answer_has_an_end(url):
    with pytest.raises(SendFailed, match="longer than"):
        get(f"{url}/", most_bytes=999)
    with pytest.raises(SendFailed, match="took longer"):
        get(f"{url}/drip", most_bytes=10**9, seconds=0.2)


def test_no_proxy_of_the_environment_and_no_netrc(url, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert get(f"{url}/").status == 200


def test_nobody_there():
    with pytest.raises(SendFailed, match="failed"):
        get("http://127.0.0.1:8998/")
