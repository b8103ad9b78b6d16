"""Single requests beside the stream of deliveries (tokens, chat alerts, a provider's media), over the same rules.

Invariants
- A URL is read by our rules, its host looked up once and judged as a whole, and a judged address dialled.
- No redirect is followed, no proxy variable and no .netrc is read; each request has a connection of its own.
- A request is over by its deadline.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from . import failures
from .addresses import Network, parse_networks
from .deadline import Deadline
from .destinations import judged, known_addresses
from .failures import SendFailed
from .lookups import Resolve, find_within, hosts_file_too, system_resolve
from .proxies import Proxy
from .routes import EVERYWHERE
from .tls import failure_of, verifying_context
from .url_rules import UrlRefused, read_url


class GuardedSession(requests.Session):
    """`get`, `post` … of requests, for one thread. Any status is an answer, a redirect too; they raise SendFailed where
    none comes within `total_timeout` seconds, or one of more than `longest_body` bytes. Nothing is unpacked."""

    def __init__(
        self,
        *,
        allowed_networks: Sequence[str | Network] = (),
        total_timeout: float = 15.0,
        longest_body: int = 1024 * 1024,
        user_agent: str = "Callhooks",
        ca_bundle: str | None = None,
        proxy: str | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        super().__init__()
        self.trust_env = False
        self.headers.update({"User-Agent": user_agent, "Accept-Encoding": "identity"})
        self._allowed = parse_networks(allowed_networks)
        self._total_timeout, self._longest_body = total_timeout, longest_body
        if proxy:
            Proxy.from_url(proxy)  # raises ValueError
            self.proxies, resolve = {"http": proxy, "https": proxy}, hosts_file_too
        resolve = resolve or (hosts_file_too if self._allowed else system_resolve)
        self._adapter = _GuardedAdapter(EVERYWHERE if proxy else self._allowed, resolve, ca_bundle or certifi.where())
        self.mount("http://", self._adapter)
        self.mount("https://", self._adapter)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        options |= {"allow_redirects": False, "stream": True, "timeout": self._total_timeout}
        with Deadline(self._total_timeout) as deadline:
            self._adapter.deadline = deadline
            try:
                with super().request(method, read_url(url, self._allowed).url, **options) as response:
                    body = response.raw.read(self._longest_body + 1, decode_content=False)
                if deadline.left:
                    return self._whole(response, body)
            except UrlRefused as refused:
                raise SendFailed(refused.code, str(refused)) from None
            except (requests.RequestException, HTTPError, OSError) as error:  # HTTPError: urllib3's, of the body
                if deadline.left:
                    raise failure_of(error) or failures.NO_HTTP from None
            finally:
                self._adapter.close()  # the connection too
        raise SendFailed("timeout", f"Timed out after {failures.seconds(self._total_timeout)}.")

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the Location, and raise for an odd one."""

    def _whole(self, response: requests.Response, body: bytes) -> requests.Response:
        if len(body) > self._longest_body:
            raise SendFailed("bad_response", f"The answer is longer than {self._longest_body} bytes.")
        if response.raw.length_remaining:
            raise SendFailed("bad_response", "The answer ended before all of it had come.")
        response._content = body
        return response


class _GuardedAdapter(HTTPAdapter):
    """requests' adapter; `_dial` stands where urllib3's connections open their sockets. `deadline`: of the request."""

    deadline: Deadline

    def __init__(self, allowed: Sequence[Network], resolve: Resolve, ca_bundle: str) -> None:
        self._allowed, self._resolve, self._context = allowed, resolve, verifying_context(ca_bundle)
        new_conn = {"_new_conn": lambda connection: self._dial(connection._dns_host, connection.port)}
        self._pools = {
            scheme: type(pool.__name__, (pool,), {"ConnectionCls": type(kind.__name__, (kind,), new_conn)})
            for scheme, pool, kind in (
                ("http", HTTPConnectionPool, HTTPConnection),
                ("https", HTTPSConnectionPool, HTTPSConnection),
            )
        }
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=self._context, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing: the context always verifies. requests would load the CA bundle for each connection."""

    def _dial(self, host: str, port: int) -> socket.socket:
        """Connected to the first address that answers. Raises SendFailed, OSError."""
        known = known_addresses(host, self._allowed)
        addresses = known or judged(find_within(self._resolve, host, self.deadline.left), self._allowed)
        for left in range(len(addresses), 0, -1):
            ip = addresses[-left]
            sock = socket.socket(socket.AF_INET6 if ip.version == 6 else socket.AF_INET)
            self.deadline.watch(sock)
            sock.settimeout(max(0.001, self.deadline.left / left))
            try:
                sock.connect((str(ip), port))
                break
            except OSError:
                sock.close()
                if left == 1:
                    raise
        return sock
