"""A moment at which sockets are shut down, for what waits on them without a time of its own."""

from __future__ import annotations

import contextlib
import threading
import time
from socket import SHUT_RDWR
from types import TracebackType
from typing import Protocol


class Socket(Protocol):
    def dup(self) -> Socket: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


class Deadline:
    """`with Deadline(seconds) as deadline:`; what is `watch`ed gives up when they have passed."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = time.monotonic() + seconds
        self._watched: list[Socket] = []
        self._timer = threading.Timer(seconds, self._shut_down)
        self._timer.daemon = True

    @property
    def left(self) -> float:
        """Seconds until then; 0 when it has passed."""
        return max(0.0, self._at - time.monotonic())

    def watch(self, sock: Socket) -> None:
        self._watched.append(sock.dup())  # TLS takes the other one over

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        for one in self._watched:
            one.close()

    def _shut_down(self) -> None:
        for one in self._watched:
            with contextlib.suppress(OSError):  # it has ended by itself
                one.shutdown(SHUT_RDWR)
