"""One request under way: an easy handle of libcurl that is kept for the next one, and what it has received so far.

Invariants
- libcurl never asks DNS (routes.py): without a pin the transfer stops and `wants_address`.
- An error in a callback ends its transfer and is logged: it does not vanish inside libcurl.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable, Sequence
from typing import Any

import pycurl

from . import answers, failures
from .addresses import Address
from .client_certificates import halves
from .failures import INTERNAL, SendFailed, seconds
from .handles import Settings, Sockets, names_hosts, new_handle
from .messages import Answer
from .proxies import refused_by_proxy
from .routes import Route
from .url_rules import Target

logger = logging.getLogger(__name__)

OUR_HEADERS = ("Accept-Encoding: identity", "Expect:")  # the second: libcurl shall not wait for a 100 Continue
STOP = -1  # what a callback returns to end its transfer
CONNECTED: int = pycurl.PREREQFUNC_OK
NOT_CONNECTED: int = pycurl.PREREQFUNC_ABORT
NO_PROXY = SendFailed("proxy", "The forward proxy gave no valid answer.")
FAULT = "A request ended because of a fault in the client."


class Transfer:
    """`begin`, give `easy` to libcurl's multi, `answer` when it is done; then it can begin anew."""

    __slots__ = (
        "_certificate", "_checks_names", "_cut", "_failure", "_head", "_head_bytes", "_in_tunnel", "_interim",
        "_is_fresh", "_is_secured", "_limit", "_lines", "_opened", "_pieces", "_proxy_status", "_settings",
        "_shortened", "_sockets", "_target", "_trailers", "connects_only", "easy", "head_at", "key", "route",
        "started", "status", "wants_address",
    )  # fmt: skip

    def __init__(self, settings: Settings, sockets: Sockets) -> None:
        self._settings, self._sockets = settings, sockets
        self._certificate = ""
        self._failure: SendFailed | None = None
        self.status: int | None = None  # of an answer whose head is complete
        self._head_bytes: int
        self._interim: int
        self._trailers: int
        self._proxy_status: int  # what the proxy answered to CONNECT
        self._shortened = self._is_fresh = self._checks_names = self.connects_only = False
        self._target: Target | None = None
        self.route: Route | None = None
        self.easy = new_handle(settings)
        self.easy.transfer = self
        self.easy.setopt(pycurl.HEADERFUNCTION, self._on_header)
        self.easy.setopt(pycurl.WRITEFUNCTION, self._on_body)
        self.easy.setopt(pycurl.OPENSOCKETFUNCTION, self._on_open)
        self.easy.setopt(pycurl.RESOLVER_START_FUNCTION, self._on_resolve)

    def begin(
        self,
        key: Hashable,
        body: bytes,
        target: Target,
        route: Route,
        lines: Sequence[str | bytes],
        certificate: str,
        connects_only: bool,
    ) -> None:
        """Make it ready for a POST; `lines` are its headers. The addresses of the route may still be needed."""
        self.started = time.monotonic()
        self.key = key
        self.connects_only = connects_only
        easy = self.easy
        if target is not self._target:
            self._target = target
            easy.setopt(pycurl.URL, target.url)
            if self.is_tls and not self._checks_names:
                self._checks_names = True
                easy.setopt(pycurl.PREREQFUNCTION, self._on_connected)
        if route is not self.route:
            self.route = route
            if route.proxy:
                easy.setopt(pycurl.PROXY, f"http://{route.alias}:{route.port}")
            else:
                easy.setopt(pycurl.CONNECT_TO, [f"::{route.alias}:"])
        if certificate != self._certificate:
            self._show_certificate(certificate)
        easy.setopt(pycurl.HTTPHEADER, [*OUR_HEADERS, *lines])
        easy.setopt(pycurl.POSTFIELDS, body)
        if connects_only:
            easy.setopt(pycurl.CONNECT_ONLY, 1)
            self._set_fresh(True)
        if self._shortened:
            self._set_timeouts(0.0, 0.0)
            self._shortened = False
        if self._is_fresh:
            self._set_fresh(False)
        if route.is_pinned:
            easy.setopt(pycurl.RESOLVE, [route.unpin()])
        self._clear()

    def resume(self, addresses: Sequence[Address], found_at: float) -> None:
        """Ready once more. The addresses were known at `found_at`: the lookup is off the time to connect, and what was
        waited since then off the whole."""
        assert self.route is not None
        self.easy.setopt(pycurl.RESOLVE, [self.route.pin(addresses)])
        self._set_timeouts(found_at - self.started, time.monotonic() - self.started)
        self._shortened = True
        if not self.wants_address:  # its kept connections were dead, all of them that libcurl tried
            self._set_fresh(True)
        self._clear()

    def met_dead(self, code: int) -> bool:
        """Whether libcurl gave up though it made no new connection: it tries five kept ones, and all may have ended."""
        return code in (pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR, pycurl.E_GOT_NOTHING) and not (
            self._opened or self._lines or self._failure
        )

    def answer(self, code: int, text: str) -> Answer:
        """What came of it, from libcurl's code (0: done) and words."""
        try:
            if self.connects_only and code == pycurl.E_OK:
                return self._connected_only()
            if self._failure is None and self.status is None:
                self._failure = self._why_no_answer(code, text)
            elif self._failure and self._talks_to_proxy and self._failure.code == "bad_response":
                self._failure = NO_PROXY
            return self.failed(self._failure) if self._failure else self._answered(code)
        except Exception:
            logger.exception("An answer could not be read because of a fault in the client.")
            return self.failed(INTERNAL)

    def failed(self, failure: SendFailed) -> Answer:
        """The answer that says so."""
        return Answer(None, [], b"", False, self._milliseconds(), failure.code, failure.message, self._opened)

    def _connected_only(self) -> Answer:
        if self.is_tls and not names_hosts(self.easy):
            return self.failed(failures.NO_NAME)
        return Answer(None, [], b"", False, self._milliseconds(), connected=True)

    def _answered(self, code: int) -> Answer:
        assert self.status is not None
        assert self.route is not None
        status, head = self.status, self._head
        if self.route.proxy and not self._is_tunnelled and (refusal := refused_by_proxy(status, head)):
            return self.failed(refusal)
        if code == pycurl.E_OK and head.in_doubt:
            self._sockets.cut(self.easy.getinfo(pycurl.ACTIVESOCKET))
        broken = code != pycurl.E_OK and not self._cut
        message = ""
        if 300 <= status <= 399:
            message = f"The server answered {status}: redirects are not followed. Use the final URL."
        elif broken:
            message = f"The server answered {status}, but the rest of its answer broke off."
        body = b"".join(self._pieces)
        kept = body[: answers.KEPT_BODY]
        return Answer(
            status, head.headers, kept, broken or self._cut or len(body) > len(kept), self._milliseconds(), "", message,
            self._opened,
        )  # fmt: skip

    def _why_no_answer(self, code: int, text: str) -> SendFailed | None:
        """None if the status counts all the same."""
        assert self.route is not None
        if self.route.proxy and (failure := self._why_no_tunnel(code)):
            return failure
        if code == pycurl.E_OK:
            return SendFailed("bad_response", "The server's answer broke off in its headers, or they are too long.")
        if code == pycurl.E_OPERATION_TIMEDOUT:
            if self._is_connected:
                return SendFailed("timeout", f"Timed out after {seconds(self._settings.total_timeout)}.")
            return SendFailed("connect_timeout", f"No connection within {seconds(self._settings.connect_timeout)}.")
        if code in (pycurl.E_FTP_WEIRD_SERVER_REPLY, pycurl.E_BAD_CONTENT_ENCODING):
            status = self.easy.getinfo(pycurl.RESPONSE_CODE)
            if 200 <= status <= 599:  # a header that libcurl does not read: the status stands, the rest is lost
                self.status, self._head = status, answers.read_head(self._lines[1:])
                return None
        return failures.from_libcurl(
            code,
            text,
            verify_result=self.easy.getinfo(pycurl.SSL_VERIFYRESULT),
            os_errno=self.easy.getinfo(pycurl.OS_ERRNO),
        )

    def _why_no_tunnel(self, code: int) -> SendFailed | None:
        """The failure if it is the proxy's."""
        if self._proxy_status and not 200 <= self._proxy_status <= 299:
            return SendFailed(
                "proxy", f"The forward proxy made no connection to the server (it answered {self._proxy_status})."
            )
        if self._is_connected or self._proxy_status:
            return None
        if code == pycurl.E_COULDNT_CONNECT:
            return SendFailed("proxy", "This service's forward proxy could not be reached.")
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return SendFailed(
                "proxy", f"The forward proxy made no connection within {seconds(self._settings.connect_timeout)}."
            )
        return NO_PROXY

    def close(self) -> None:
        self.easy.close()

    # libcurl's callbacks. What they raise would be printed and forgotten.

    def _on_header(self, line: bytes) -> int | None:
        try:
            if self.status is not None:
                self._trailers += 1
                return STOP if self._trailers > answers.MAX_TRAILERS else None
            self._head_bytes += len(line)
            if self._head_bytes > answers.MAX_HEAD:
                raise SendFailed("bad_response", "The server's answer broke off in its headers, or they are too long.")
            lines = self._lines
            if line == b"\r\n" or line == b"\n":
                return self._on_head()
            lines.append(line)
            if len(lines) == 1:
                answers.read_status(line)
            elif len(lines) > answers.MAX_HEADERS + 1:
                raise SendFailed("bad_response", f"The server's answer has more than {answers.MAX_HEADERS} headers.")
            return None
        except SendFailed as failure:
            return self._stop(failure)
        except Exception:
            logger.exception(FAULT)
            return self._stop(INTERNAL)

    def _on_head(self) -> int | None:
        """The blank line after the headers."""
        status = answers.read_status(self._lines[0] if self._lines else b"")
        if self._talks_to_proxy:
            self._on_proxy(status)
            return None
        if status < 200:
            self._interim += 1
            if self._interim > answers.MAX_INTERIM:
                raise SendFailed("bad_response", "The server sent interim answers without end.")
            self._lines.clear()
            self._head_bytes = 0
            return None
        self._head = answers.read_head(self._lines[1:])
        self.status = status
        self.head_at = time.monotonic()
        if status in (204, 304) and self._head.announces_body:
            # libcurl would read none, and take what comes for the next answer on this connection.
            self._cut = True
            return STOP
        if self._head.is_long:
            self._limit = answers.KEPT_BODY
        return None

    def _on_proxy(self, status: int) -> None:
        self._proxy_status = status
        self._in_tunnel = 200 <= status <= 299
        self._lines.clear()
        self._head_bytes = 0

    def _on_body(self, piece: bytes) -> int | None:
        try:
            self._pieces.append(piece)
            self._limit -= len(piece)
            if self._limit >= 0 and len(self._pieces) <= answers.MAX_PIECES:
                return None
            self._cut = True
            return STOP
        except SendFailed as failure:
            return self._stop(failure)
        except Exception:
            logger.exception(FAULT)
            return self._stop(INTERNAL)

    def _on_resolve(self, *_: object) -> int:
        self.wants_address = True
        return 1

    def _on_open(self, purpose: int, address: Any) -> Any:
        try:
            assert self.route is not None
            opened = self._sockets.open(self.route, address)
            self._opened = True
            return opened
        except SendFailed as failure:
            self._stop(failure)
        except OSError as error:
            self._stop(failures.from_errno(error.errno or 0))
        except Exception:
            logger.exception(FAULT)
            self._stop(INTERNAL)
        return pycurl.SOCKET_BAD

    def _on_connected(self, *_: object) -> int:
        """Right before the request is sent."""
        try:
            if self._opened and self.is_tls and not names_hosts(self.easy):
                raise failures.NO_NAME
            self._is_secured = True
            return CONNECTED
        except SendFailed as failure:
            self._stop(failure)
        except Exception:
            logger.exception(FAULT)
            self._stop(INTERNAL)
        return NOT_CONNECTED

    def _stop(self, failure: SendFailed) -> int:
        self._failure = failure
        return STOP

    # Details

    @property
    def is_tls(self) -> bool:
        assert self._target is not None
        return self._target.scheme == "https"

    @property
    def _is_tunnelled(self) -> bool:
        assert self.route is not None
        return self.route.proxy is not None and self.is_tls

    @property
    def _is_connected(self) -> bool:
        """Whether it came as far as the request."""
        if not self._opened:  # a connection that was kept, if it got one before its time was up
            return int(self.easy.getinfo(pycurl.PRIMARY_PORT)) > 0
        return self._is_secured if self.is_tls else bool(self.easy.getinfo(pycurl.CONNECT_TIME_T))

    @property
    def _talks_to_proxy(self) -> bool:
        """About a tunnel on a new connection; on one that is used again there is a tunnel already."""
        return self._opened and self._is_tunnelled and not self._in_tunnel

    def _clear(self) -> None:
        self._lines: list[bytes] = []
        self._pieces: list[bytes] = []
        self._limit = answers.READ_BODY
        self._head_bytes = self._interim = self._trailers = self._proxy_status = 0
        self._opened = self._is_secured = self._cut = self._in_tunnel = self.wants_address = False
        self._failure = None
        self.status = None
        self.head_at = 0.0

    def _set_timeouts(self, off_connect: float, off_total: float) -> None:
        for option, seconds_left in (
            (pycurl.CONNECTTIMEOUT_MS, self._settings.connect_timeout - off_connect),
            (pycurl.TIMEOUT_MS, self._settings.total_timeout - off_total),
        ):
            self.easy.setopt(option, max(1, round(seconds_left * 1000)))

    def _set_fresh(self, is_fresh: bool) -> None:
        self._is_fresh = is_fresh
        self.easy.setopt(pycurl.FRESH_CONNECT, is_fresh)

    def _show_certificate(self, certificate: str) -> None:
        if certificate:
            try:
                chain, key = halves(certificate)
            except ValueError:
                raise failures.CLIENT_CERTIFICATE from None
            self.easy.setopt(pycurl.SSLCERT_BLOB, chain)
            self.easy.setopt(pycurl.SSLKEY_BLOB, key)
        else:
            self.easy.unsetopt(pycurl.SSLCERT_BLOB)
            self.easy.unsetopt(pycurl.SSLKEY_BLOB)
        self._certificate = certificate

    def _milliseconds(self) -> int:
        return round((time.monotonic() - self.started) * 1000)
