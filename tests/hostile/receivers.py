"""Receivers for the hostile suite: real sockets on 127.0.0.1 that answer with whatever bytes a case wants."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable

from tests.support.waiting import PATIENCE

Script = Callable[[socket.socket, bytes], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def read_request(sock: socket.socket) -> bytes:
    """One request with its body; b"" when the client has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        piece = sock.recv(65536)
        if not piece:
            return b""
        body += piece
    return head + b"\r\n\r\n" + body


def reset(sock: socket.socket) -> None:
    """Close with a RST instead of a FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Receiver:
    """Accepts connections and runs `script(socket, request)` for each request, in a thread for each connection.

    The script answers; the connection stays open for the next request until the script or the client closes it.
    """

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> Receiver:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        # A connect wakes accept(); closing a listener does not.
        listener, self._listener = self._listener, None
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE).close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        listener.close()

    def _begin(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        listener = self._listener
        while True:
            sock, _ = listener.accept()
            if self._listener is None:
                sock.close()
                return
            self.connections += 1
            self._open.add(sock)
            self._begin(self._serve, sock)

    def _serve(self, raw: socket.socket) -> None:
        sock = raw
        try:
            sock.settimeout(30)
            if self._tls:
                sock = self._tls.wrap_socket(raw, server_side=True)
                self._open.add(sock)
            while request := read_request(sock):
                self.requests.append(request)
                self.script(sock, request)
                if sock.fileno() < 0:
                    break
        except (OSError, ValueError):
            pass  # the client hung up, as most cases want it to
        finally:
            self._open -= {raw, sock}
            sock.close()
            raw.close()


def answering(*pieces: bytes, then: str = "close") -> Script:
    """A script that sends the pieces and then does `close`, `reset` or `keep` (the connection open)."""

    def script(sock: socket.socket, request: bytes) -> None:
        for piece in pieces:
            sock.sendall(piece)
        if then == "close":
            sock.shutdown(socket.SHUT_WR)
            sock.settimeout(5)
            with contextlib.suppress(OSError):
                while sock.recv(65536):
                    pass
            sock.close()
        elif then == "reset":
            reset(sock)

    return script


class Dripper:
    """One thread that keeps any number of connections open: a prelude at once, then a byte of `drip` each tick."""

    def __init__(self, prelude: bytes, drip: bytes, *, tick: float = 0.2) -> None:
        self._prelude = prelude
        self._drip = drip
        self._tick = tick
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.most_at_once = 0
        self.sent = 0

    def __enter__(self) -> Dripper:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)
        self._listener.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            waiting: dict[socket.socket, int] = {}
            due = time.monotonic()
            while not self._stop.is_set():
                for key, _ in selector.select(max(0.0, min(due - time.monotonic(), 0.1))):
                    if key.fileobj is self._listener:
                        self._accept(selector, waiting)
                    else:
                        self._discard(selector, waiting, key.fileobj)
                self.most_at_once = max(self.most_at_once, len(waiting))
                if time.monotonic() >= due:
                    due = time.monotonic() + self._tick
                    self._drip_all(selector, waiting)
            for sock in waiting:
                sock.close()

    def _accept(self, selector: selectors.BaseSelector, waiting: dict[socket.socket, int]) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                sock, _ = self._listener.accept()
                sock.setblocking(False)
                waiting[sock] = 0
                selector.register(sock, selectors.EVENT_READ)
                with contextlib.suppress(OSError):  # a sender that has gone already: the selector says so
                    sock.send(self._prelude)

    def _discard(
        self, selector: selectors.BaseSelector, waiting: dict[socket.socket, int], sock: socket.socket
    ) -> None:
        try:
            gone = not sock.recv(65536)
        except OSError:
            gone = True
        if gone:
            self._drop(selector, waiting, [sock])

    def _drip_all(self, selector: selectors.BaseSelector, waiting: dict[socket.socket, int]) -> None:
        gone = []
        for sock, position in waiting.items() if self._drip else ():
            try:
                sock.send(self._drip[position % len(self._drip) :][:1])
                waiting[sock] = position + 1
                self.sent += 1
            except BlockingIOError:
                pass
            except OSError:
                gone.append(sock)
        self._drop(selector, waiting, gone)

    @staticmethod
    def _drop(
        selector: selectors.BaseSelector, waiting: dict[socket.socket, int], gone: Iterable[socket.socket]
    ) -> None:
        for sock in gone:
            selector.unregister(sock)
            waiting.pop(sock, None)
            sock.close()
