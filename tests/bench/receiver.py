"""An HTTP receiver in a process of its own: it reads each request to its end, then answers, at once or later.

    python -m tests.bench.receiver --hosts N [--answer now|never|SECONDS] [--report] [--tls FOLDER]

It listens on N loopback addresses, all on one port, and writes the port. FOLDER holds a certificate with its key for
each, ADDRESS.pem. Thousands of answers that are not due yet cost
it nothing but memory. On standard input, `count` is answered by a line of JSON (`Counts`). With `--report` it writes a
line for each request instead: the monotonic clock when its last byte was there, the path, the webhook-id.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import select
import socket
import ssl
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
READ_BYTES = 65536
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID = re.compile(rb"\r\nwebhook-id: *([^\r]*)", re.IGNORECASE)


def hosts(count: int) -> list[str]:
    """Addresses that all are this machine: to a sender as many different hosts."""
    return [f"127.0.{number // 250}.{number % 250 + 1}" for number in range(count)]


def listen(count: int) -> tuple[list[socket.socket], int]:
    """Listening sockets on one port of `count` loopback addresses, and the port."""
    for _ in range(50):
        sockets: list[socket.socket] = []
        port = 0
        try:
            for host in hosts(count):
                sockets.append(socket.create_server((host, port), backlog=4096))
                port = sockets[0].getsockname()[1]
            return sockets, port
        except OSError:  # taken on one of the others
            for one in sockets:
                one.close()
    raise OSError("no port is free on all addresses")


@dataclass(slots=True)
class Counts:
    """Since the start. `handshakes`: connections whose TLS handshake is done, `resumed` of them out of an earlier
    session. `cpu`: seconds that this process used."""

    posts: int = 0
    answered: int = 0
    connections: int = 0
    handshakes: int = 0
    resumed: int = 0
    waiting: int = 0
    cpu: float = 0.0


@dataclass(slots=True)
class Peer:
    socket: socket.socket
    is_ready: bool  # false until a TLS handshake is done
    received: bytes = field(default=b"")


class Receiver:
    def __init__(self, count: int, delay: float | None, *, report: bool, tls: Path | None) -> None:
        """`delay`: seconds until an answer, None: there is none."""
        listening, self.port = listen(count)
        self._delay, self._report = delay, report
        self._tls = tls
        self._contexts: dict[socket.socket, ssl.SSLContext] = {}
        self._epoll = select.epoll()
        self._servers = {one.fileno(): one for one in listening}
        self._peers: dict[int, Peer] = {}
        self._later: deque[tuple[float, Peer]] = deque()  # in the order of their times: the delay is the same for all
        self.counts = Counts()
        for one in listening:
            one.setblocking(False)
            self._epoll.register(one, select.EPOLLIN)
        if not report:
            self._epoll.register(sys.stdin.fileno(), select.EPOLLIN)

    def run(self) -> None:
        while True:
            timeout = max(0.0, self._later[0][0] - time.monotonic()) if self._later else -1
            for number, _ in self._epoll.poll(timeout):
                if peer := self._peers.get(number):
                    self._read(peer)
                elif server := self._servers.get(number):
                    self._accept(server)
                elif number == sys.stdin.fileno():
                    self._tell_counts()
            while self._later and self._later[0][0] <= time.monotonic():
                self._answer(self._later.popleft()[1], ANSWER)

    def _accept(self, server: socket.socket) -> None:
        connection, _ = server.accept()
        self.counts.connections += 1
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            context = self._contexts.get(server) or self._context(server, self._tls)
            connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._peers[connection.fileno()] = Peer(connection, self._tls is None)
        self._epoll.register(connection, select.EPOLLIN)

    def _context(self, server: socket.socket, folder: Path) -> ssl.SSLContext:
        context = self._contexts[server] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{server.getsockname()[0]}.pem")
        return context

    def _read(self, peer: Peer) -> None:
        try:
            if not peer.is_ready:
                self._shake_hands(peer)
            data = peer.socket.recv(READ_BYTES)
            while self._tls and (more := peer.socket.pending()):  # type: ignore[attr-defined]
                data += peer.socket.recv(more)  # decrypted already: epoll does not tell of it
        except (ssl.SSLWantReadError, BlockingIOError):
            return
        except OSError:
            data = b""
        if not data:
            self._close(peer)
            return
        data = peer.received + data if peer.received else data
        end = data.find(b"\r\n\r\n")
        length = int(match[1]) if end >= 0 and (match := _LENGTH.search(data, 0, end)) else 0
        if end < 0 or len(data) < end + 4 + length:
            peer.received = data
            return
        peer.received = data[end + 4 + length :]
        self._take(peer, data[:end])

    def _shake_hands(self, peer: Peer) -> None:
        assert isinstance(peer.socket, ssl.SSLSocket)
        peer.socket.do_handshake()
        peer.is_ready = True
        self.counts.handshakes += 1
        self.counts.resumed += bool(peer.socket.session_reused)

    def _take(self, peer: Peer, head: bytes) -> None:
        now = time.monotonic()
        self.counts.posts += 1
        if self._delay == 0.0:
            self._answer(peer, ANSWER)
        elif self._delay is not None:
            self._later.append((now + self._delay, peer))
        if self._report:
            found = _ID.search(head)
            line = b"%.6f %s %s\n" % (now, head.split(b" ", 2)[1], found[1] if found else b"-")
            os.write(sys.stdout.fileno(), line)

    def _answer(self, peer: Peer, words: bytes) -> None:
        try:
            peer.socket.send(words)
            self.counts.answered += 1
        except OSError:
            self._close(peer)

    def _close(self, peer: Peer) -> None:
        if self._peers.pop(peer.socket.fileno(), None):
            self._epoll.unregister(peer.socket)
        peer.socket.close()

    def _tell_counts(self) -> None:
        asked = os.read(sys.stdin.fileno(), READ_BYTES)
        if not asked:
            sys.exit()  # whoever asked has ended
        self.counts.waiting, self.counts.cpu = len(self._later), time.process_time()
        for _ in range(asked.count(b"\n")):
            os.write(sys.stdout.fileno(), json.dumps(asdict(self.counts)).encode() + b"\n")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.receiver")
    parser.add_argument("--hosts", type=int, default=1)
    parser.add_argument("--answer", default="now", help="now, never, or after so many seconds")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--tls", type=Path, metavar="FOLDER")
    asked = parser.parse_args(arguments)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    delay = None if asked.answer == "never" else 0.0 if asked.answer == "now" else float(asked.answer)
    receiver = Receiver(asked.hosts, delay, report=asked.report, tls=asked.tls)
    sys.stdout.write(f"{receiver.port}\n")
    sys.stdout.flush()
    receiver.run()


if __name__ == "__main__":
    main()
