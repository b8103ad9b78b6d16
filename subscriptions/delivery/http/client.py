"""Calls that wait for their answer, from any thread, on a loop in a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections import deque
from concurrent.futures import Future
from typing import Any, cast

from .loop import Loop
from .messages import Answer, Request

__all__ = ["Answer", "Client", "Request"]


logger = logging.getLogger(__name__)

_PARENTS: list[Loop] = []


class Client:
    """Safe to use from many threads. After a fork the child starts with a loop of its own, as after `close`."""

    def __init__(self, **options: Any) -> None:
        """`options` as for `Loop`, with the same errors."""
        self._options = options
        self._lock = threading.Lock()
        self._begin()

    def send(self, request: Request) -> Answer:
        """Send a POST and say what came of it. Never raises for the network, the URL or the receiver."""
        with self._lock:
            if self._process != os.getpid():
                _PARENTS.append(self._loop)  # to free it would speak on the parent's connections
                self._begin()
            elif self._closing:
                self._begin()
            future: Future[Answer] = Future()
            self._asked.append((future, request))
            self._wake()
        return future.result()

    def dial(self, url: str) -> Answer:
        """Look up, judge, connect and shake hands as `send` would, then hang up; no `error` if it works."""
        return self.send(Request(url, {}, b"", connect_only=True))

    def close(self) -> None:
        """Close all connections. What is under way is finished first."""
        with self._lock:
            self._closing = True
            self._wake()
        self._thread.join()

    def _begin(self) -> None:
        self._loop = Loop(**self._options)
        self._asked: deque[tuple[Future[Answer], Request]] = deque()
        ours, self._theirs = socket.socketpair()
        for end in (ours, self._theirs):
            end.setblocking(False)
        self._closing = False
        self._process = os.getpid()
        # What the thread has stays its own when the client begins anew.
        has = (self._loop, self._asked, ours, self._theirs)
        self._thread = threading.Thread(target=self._run, args=has, name="http", daemon=True)
        self._thread.start()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full of bytes that say the same, or closed
            self._theirs.send(b".")

    def _run(self, loop: Loop, asked: deque[tuple[Future[Answer], Request]], ours: Any, theirs: Any) -> None:
        under_way: set[Future[Answer]] = set()
        try:
            while not self._closing or asked or under_way:
                answers, ready = loop.wait(3600.0, [ours.fileno()])
                for key, answer in answers:
                    future = cast(Future[Answer], key)
                    under_way.discard(future)
                    future.set_result(answer)
                if ready:
                    ours.recv(4096)
                while asked:
                    future, request = asked.popleft()
                    under_way.add(future)
                    loop.start(future, request)
        except Exception as error:
            logger.exception("The HTTP client ends because of a fault in its loop; the next request begins a new one.")
            with self._lock:
                self._closing = True
                for future in [*under_way, *(future for future, _ in asked)]:
                    future.set_exception(error)
        loop.close()
        ours.close()
        theirs.close()
