"""A moment by which a request must be over, whatever the other side does."""

from __future__ import annotations

import time

from urllib3.util import Timeout


class Deadline(Timeout):
    """A fixed moment on the monotonic clock, `seconds` from when it was made.

    `left()` is asked before every single wait on a socket (connect, TLS handshake, send, receive): a peer
    that drips bytes makes many short waits, and none of them can end after this moment. Python bounds one
    `send`, `recv` or `do_handshake` as a whole by the socket's timeout, TLS included. So no second thread has
    to watch the sockets, and none can hit a connection that has already gone on to another request.

    It is a urllib3 Timeout because `HTTPAdapter.send` hands such a one on untouched.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then, more than 0. Raises TimeoutError when it has passed."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def sooner(self, seconds: float) -> Deadline:
        """The deadline `seconds` from now, or this one if it comes first."""
        sooner = Deadline(seconds)
        return sooner if sooner.at < self.at else self
