"""The optional forward proxy: what it is asked for, and whose fault an error is."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from subscriptions.delivery.http.client import Client, Request
from tests.hostile.certificates import new_authority, server_context, write_authority
from tests.hostile.receivers import OK, Dripper, Receiver, answering
from tests.support.waiting import PATIENCE


class ConnectProxy(Receiver):
    """Says yes to every CONNECT and joins the connection to one upstream port."""

    def __init__(self, upstream: int, reply: bytes = b"HTTP/1.1 200 Connected\r\n\r\n") -> None:
        super().__init__(self._join)
        self._upstream = upstream
        self._reply = reply

    def _join(self, sock: socket.socket, request: bytes) -> None:
        sock.sendall(self._reply)
        if b" 200 " not in self._reply:
            sock.close()
            return
        with socket.create_connection(("127.0.0.1", self._upstream), timeout=PATIENCE) as upstream:
            back = threading.Thread(target=_copy, args=(upstream, sock))
            back.start()
            _copy(sock, upstream)
            back.join(10)
        sock.close()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def _never(name: str) -> list[str]:
    raise AssertionError(f"{name} was looked up here; that is the proxy's to do")


def test_https_goes_through_connect_and_is_verified_against_the_name(tmp_path: Path) -> None:
    authority = new_authority()
    with Receiver(answering(OK, then="keep"), tls=server_context(tmp_path, authority)) as endpoint:
        with ConnectProxy(endpoint.port) as proxy:
            client = Client(
                proxy=f"http://me:pass%40word@127.0.0.1:{proxy.port}",
                ca_bundle=write_authority(authority, tmp_path),
                resolve=_never,
            )
            request = Request("https://hooks.example.com/in?a=b", {"X": "y"}, b"{}")
            assert client.send(request).body == b"ok"
            assert client.send(request).body == b"ok"
            client.close()
        login = base64.b64encode(b"me:pass@word").decode()
        assert proxy.requests == [
            "CONNECT hooks.example.com:443 HTTP/1.1\r\nHost: hooks.example.com:443\r\n"
            f"Proxy-Authorization: Basic {login}\r\nUser-Agent: Callhooks\r\n"
            "Proxy-Connection: Keep-Alive\r\n\r\n".encode()
        ]
        assert endpoint.requests[0].startswith(b"POST /in?a=b HTTP/1.1\r\nHost: hooks.example.com\r\n")
        assert not any(b"Proxy-Authorization" in seen for seen in endpoint.requests)


def test_a_bad_certificate_behind_the_proxy_is_the_endpoints_fault(tmp_path: Path) -> None:
    with Receiver(answering(OK), tls=server_context(tmp_path, None)) as endpoint, ConnectProxy(endpoint.port) as proxy:
        client = Client(proxy=f"http://127.0.0.1:{proxy.port}")
        answer = client.send(Request("https://hooks.example.com/", {}, b""))
        client.close()
    assert answer.error == "tls_untrusted"


def test_plain_http_names_the_whole_url_and_keeps_the_query() -> None:
    with Receiver(answering(OK, then="keep")) as proxy:
        client = Client(proxy=f"http://me:pw@127.0.0.1:{proxy.port}", resolve=_never)
        assert client.send(Request("http://hooks.example.com:8080/in?a=%2f", {}, b"")).status == 200
        client.close()
        head = proxy.requests[0].split(b"\r\n")
        assert head[0] == b"POST http://hooks.example.com:8080/in?a=%2f HTTP/1.1"
        assert head[1] == b"Host: hooks.example.com:8080"
        assert b"Proxy-Authorization: Basic bWU6cHc=" in head


def test_companies_share_no_connection_to_the_proxy_either() -> None:
    with Receiver(answering(OK, then="keep")) as proxy:
        client = Client(proxy=f"http://127.0.0.1:{proxy.port}", resolve=_never)
        for tenant in (1, 2, 2, 1):
            assert client.send(Request("http://hooks.example.com/", {}, b"", tenant=tenant)).status == 200
        client.close()
        assert proxy.connections == 2


@pytest.mark.parametrize("status", ["407 Login", "403 No", "502 Bad Gateway", "504 Late", "301 Elsewhere"])
def test_a_proxy_that_makes_no_connection_is_named(status: str) -> None:
    with ConnectProxy(0, f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as proxy:
        client = Client(proxy=f"http://127.0.0.1:{proxy.port}")
        answer = client.send(Request("https://hooks.example.com/", {}, b""))
    assert answer.error == "proxy"
    assert f"(it answered {status[:3]})" in answer.message


def _answer_from(port: int, url: str = "https://hooks.example.com/", **options: float) -> tuple[str, str]:
    client = Client(proxy=f"http://127.0.0.1:{port}", **options)  # type: ignore[arg-type]
    answer = client.send(Request(url, {}, b""))
    client.close()
    return answer.error, answer.message


@pytest.mark.parametrize(
    "script",
    [answering(b"SSH-2.0-x\r\n"), answering(b""), answering(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 50_000)],
    ids=["no HTTP", "closes", "floods"],
)
def test_a_proxy_that_talks_rubbish_is_named(script: Callable[[socket.socket, bytes], None]) -> None:
    with Receiver(script) as proxy:
        assert _answer_from(proxy.port) == ("proxy", "The forward proxy gave no valid answer.")


def test_what_a_proxy_says_in_the_tunnel_is_no_tls() -> None:
    """It might be the server's as well."""
    with Receiver(answering(b"HTTP/1.1 200 OK\r\n\r\nextra", then="keep")) as proxy:
        assert _answer_from(proxy.port)[0] == "tls"


def test_a_proxy_that_is_down_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for url in ("https://hooks.example.com/", "http://hooks.example.com/"):
        assert _answer_from(port, url) == ("proxy", "This service's forward proxy could not be reached.")


def test_a_proxy_that_drips_is_left_at_the_connect_timeout() -> None:
    with Dripper(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", tick=0.05) as proxy:
        assert _answer_from(proxy.port, connect_timeout=0.4) == (
            "proxy",
            "The forward proxy made no connection within 0.4 s.",
        )


@pytest.mark.parametrize("headers", ["", "X-Smokescreen-Error: denied\r\n"], ids=["407", "smokescreen"])
def test_a_refusal_of_plain_http_is_the_proxys_and_not_the_endpoints(headers: str) -> None:
    status = "503 No" if headers else "407 Login"
    with Receiver(answering(f"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n".encode())) as proxy:
        error, message = _answer_from(proxy.port, "http://hooks.example.com/")
    assert error == "proxy"
    assert "forward proxy refused" in message


def test_the_rules_on_urls_hold_with_a_proxy_too() -> None:
    with Receiver(answering(OK)) as proxy:
        assert _answer_from(proxy.port, "http://169.254.169.254/")[0] == "refused_address"
        assert _answer_from(proxy.port, "http://localhost/")[0] == "refused_address"
        assert proxy.connections == 0


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1080", "127.0.0.1:3128", "https://proxy.example.com", "http://"])
def test_a_proxy_that_cannot_be_used_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match=r"http://proxy\.example\.com:4750"):
        Client(proxy=url)


def test_the_proxys_password_stays_out_of_repr() -> None:
    from subscriptions.delivery.http.proxies import Proxy

    assert "Basic" not in repr(Proxy.from_url("http://me:hunter2@proxy.example.com:3128"))
