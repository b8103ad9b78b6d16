"""A small HTTP receiver in a process of its own: reads each request to its end, then answers, or does not.

    python -m tests.bench.receiver HOSTS [now|never|SECONDS] [report]

It listens on 127.0.0.1 … 127.0.0.HOSTS (all on one port), writes the port, then with `report` one line for each
request: the monotonic clock when its last byte was there, the path, the webhook-id. GET answers with the number of
POSTs so far.
"""

from __future__ import annotations

import heapq
import os
import re
import select
import socket
import sys
import time

ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
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
                sockets.append(socket.create_server((host, port), backlog=512))
                port = sockets[0].getsockname()[1]
            return sockets, port
        except OSError:  # taken on one of the others
            for one in sockets:
                one.close()
    raise OSError("no port is free on all addresses")


class Receiver:
    def __init__(self, count: int, answer: str, report: bool) -> None:
        self._listening, self.port = listen(count)
        self._delay = 0.0 if answer == "now" else None if answer == "never" else float(answer)
        self._report = report
        self._epoll = select.epoll()
        self._servers = {one.fileno(): one for one in self._listening}
        self._peers: dict[int, socket.socket] = {}
        self._read: dict[int, bytes] = {}
        self._later: list[tuple[float, int, socket.socket]] = []
        self.posts = 0
        for one in self._listening:
            one.setblocking(False)
            self._epoll.register(one, select.EPOLLIN)

    def run(self) -> None:
        while True:
            timeout = max(0.0, self._later[0][0] - time.monotonic()) if self._later else -1
            for number, _ in self._epoll.poll(timeout):
                if server := self._servers.get(number):
                    self._accept(server)
                elif peer := self._peers.get(number):
                    self._hear(peer)
            while self._later and self._later[0][0] <= time.monotonic():
                _, _, peer = heapq.heappop(self._later)
                self._say(peer, ANSWER)

    def _accept(self, server: socket.socket) -> None:
        peer, _ = server.accept()
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._peers[peer.fileno()] = peer
        self._read[peer.fileno()] = b""
        self._epoll.register(peer, select.EPOLLIN)

    def _hear(self, peer: socket.socket) -> None:
        try:
            data = peer.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._forget(peer)
            return
        number = peer.fileno()
        data = self._read[number] + data
        head, end, rest = data.partition(b"\r\n\r\n")
        length = int(match[1]) if end and (match := _LENGTH.search(head)) else 0
        if not end or len(rest) < length:
            self._read[number] = data
            return
        self._read[number] = rest[length:]
        self._take(peer, head)

    def _take(self, peer: socket.socket, head: bytes) -> None:
        now = time.monotonic()
        if head.startswith(b"GET "):
            count = str(self.posts).encode()
            self._say(peer, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(count), count))
            return
        self.posts += 1
        if self._delay == 0.0:
            self._say(peer, ANSWER)
        elif self._delay is not None:
            heapq.heappush(self._later, (now + self._delay, peer.fileno(), peer))
        if self._report:
            found = _ID.search(head)
            line = b"%.6f %s %s\n" % (now, head.split(b" ", 2)[1], found[1] if found else b"-")
            os.write(sys.stdout.fileno(), line)

    def _say(self, peer: socket.socket, words: bytes) -> None:
        try:
            peer.send(words)
        except OSError:
            self._forget(peer)

    def _forget(self, peer: socket.socket) -> None:
        if self._peers.pop(peer.fileno(), None):
            self._epoll.unregister(peer)
        peer.close()


def main(arguments: list[str]) -> None:
    receiver = Receiver(int(arguments[0]), arguments[1] if len(arguments) > 1 else "now", "report" in arguments)
    sys.stdout.write(f"{receiver.port}\n")
    sys.stdout.flush()
    receiver.run()


if __name__ == "__main__":
    main(sys.argv[1:])
