"""Where the connections of deliveries come from: libcurl's handles, and the sockets that they get.

Invariants
- What libcurl may do by itself is said in `new_handle` and nowhere else: http and https, no redirects, no proxy
  variables, no .netrc, no cookies, no decoding, TLS from 1.2 on and always verified.
- libcurl gets a socket from `Sockets.open` or none: the address is judged there, when it is about to be dialled.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from dataclasses import dataclass
from typing import Any

import pycurl

from .destinations import REFUSED
from .failures import SendFailed
from .routes import Route

# Bytes of the buffer that a request is sent out of, the least that libcurl takes. Each request under way has one until
# its answer is there. With libcurl's 64 KB a drain that delivers over https has 60 MB more.
SEND_BUFFER = 16 * 1024
MAX_RAW = 1024 * 1024  # bytes of an answer, with all that frames it
_BYTES_RECEIVED = struct.Struct("=Q")  # at byte 128 of Linux's tcp_info


@dataclass(frozen=True, slots=True)
class Settings:
    """What is the same for all requests of a loop. Times in seconds."""

    connect_timeout: float
    total_timeout: float
    user_agent: str
    ca_bundle: str
    max_idle: int  # of a kept connection
    max_age: int  # of a connection, from when it was opened
    proxy_login: str = ""


def new_handle(settings: Settings) -> pycurl.Curl:
    """An easy handle for POSTs, without its callbacks."""
    easy = pycurl.Curl()
    for option, value in (
        (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
        (pycurl.POST, 1),
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
        (pycurl.HTTP09_ALLOWED, 0),
        (pycurl.PATH_AS_IS, 1),
        (pycurl.USERAGENT, settings.user_agent),
        (pycurl.FOLLOWLOCATION, 0),
        (pycurl.HTTP_CONTENT_DECODING, 0),
        (pycurl.NETRC, pycurl.NETRC_IGNORED),
        (pycurl.PROXY, ""),  # no variables; a route may name one
        (pycurl.NOPROXY, ""),
        (pycurl.NOSIGNAL, 1),
        (pycurl.DNS_CACHE_TIMEOUT, 1),  # of a pin, should nobody take it back
        (pycurl.CONNECTTIMEOUT_MS, round(settings.connect_timeout * 1000)),
        (pycurl.TIMEOUT_MS, round(settings.total_timeout * 1000)),
        (pycurl.MAXAGE_CONN, settings.max_idle),
        (pycurl.MAXLIFETIME_CONN, settings.max_age),
        (pycurl.CAINFO, settings.ca_bundle),  # libcurl reads a file once for all connections, but not a blob
        (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
        (pycurl.SSL_VERIFYPEER, 1),
        (pycurl.SSL_VERIFYHOST, 2),
        # A session that is taken up again would be verified by nobody, and known to the server as the one who had it
        # before, whichever tenant that was. It would save a quarter of the millisecond that a handshake takes.
        (pycurl.SSL_SESSIONID_CACHE, 0),
        (pycurl.OPT_CERTINFO, 1),  # for `names_hosts`
        (pycurl.UPLOAD_BUFFERSIZE, SEND_BUFFER),
    ):
        easy.setopt(option, value)
    if settings.proxy_login:
        easy.setopt(pycurl.PROXYUSERPWD, settings.proxy_login)
    return easy


def names_hosts(easy: pycurl.Curl) -> bool:
    """Whether the server's certificate has alternative names. Without any, libcurl takes its common name for one,
    which authorities need not check."""
    chain = easy.getinfo(pycurl.INFO_CERTINFO)
    names = dict(chain[0]).get("X509v3 Subject Alternative Name", "") if chain else ""
    return "DNS:" in names or "IP Address:" in names


class Sockets:
    """Opens sockets for libcurl, and ends them."""

    def __init__(self) -> None:
        self._opened: list[socket.socket] = []
        self._dead, other = socket.socketpair()
        other.close()
        self._received: dict[int, int] = {}  # bytes, when they were first looked at; few sockets ever are

    def open(self, route: Route, address: Any) -> socket.socket:
        """A socket for an address that the route may dial. libcurl duplicates it: `release` ours when libcurl returns.
        Raises SendFailed, OSError."""
        if not route.may_dial(address.addr[0]):
            raise SendFailed("refused_address", REFUSED)
        opened = socket.socket(address.family, address.socktype, address.protocol)
        self._opened.append(opened)
        sys.audit("socket.connect", opened, address.addr)  # as Python does for connections of its own
        return opened

    def release(self) -> None:
        while self._opened:
            self._opened.pop().close()

    def cut(self, descriptor: int) -> None:
        """End libcurl's connection with this descriptor, and lose what has come on it: a dead one takes its place."""
        with contextlib.suppress(OSError):  # libcurl has closed it already
            os.fstat(descriptor)
            os.dup2(self._dead.fileno(), descriptor, inheritable=False)

    def is_flooded(self, descriptor: int, *, begins: bool) -> bool:
        """Whether more than MAX_RAW bytes came since the call that `begins`: libcurl reads the extension of a chunk
        without end, and tells nobody."""
        with socket.socket(fileno=os.dup(descriptor)) as watched:
            try:
                (received,) = _BYTES_RECEIVED.unpack_from(
                    watched.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256), 128
                )
            except (OSError, AttributeError, struct.error):  # a system that does not count
                return False
        if begins:
            self._received[descriptor] = received
        return bool(received - self._received.get(descriptor, received) > MAX_RAW)

    def close(self) -> None:
        self.release()
        self._dead.close()
