"""Name lookups under a time limit: `getaddrinfo` has none, so it runs in threads that a sender can leave."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence

from .deadline import Deadline
from .failures import SendFailed, seconds

Resolve = Callable[[str], Sequence[str]]

# Lookups under way at once in a process, those that no sender waits for any more included.
MAX_LOOKUPS = 64


def system_resolve(name: str) -> list[str]:
    """All addresses of a name, as the system's resolver orders them. Raises OSError (gaierror).

    The final dot keeps the resolver from trying the name inside its search domains.
    """
    return _look_up(f"{name}.")


def hosts_file_too(name: str) -> list[str]:
    """As `system_resolve`, then as the system reads the name: finds what is only in /etc/hosts or the like.

    For operators who opened an inner network: a search domain leads nowhere that a full name would not.
    """
    try:
        return system_resolve(name)
    except socket.gaierror:
        return _look_up(name)


def _look_up(name: str) -> list[str]:
    return [str(sockaddr[0]) for *_, sockaddr in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]


class _Lookup:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.addresses: list[str] | None = None


class Resolver:
    """Looks names up in threads of its own. Senders that ask for the same name at once share one lookup."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._lock = threading.Lock()
        self._pending: dict[str, _Lookup] = {}

    def addresses(self, name: str, deadline: Deadline) -> list[str]:
        """The addresses of a name, at least one. Raises SendFailed."""
        lookup = self._begin(name)
        try:
            in_time = lookup.done.wait(deadline.left())
        except TimeoutError:
            in_time = False
        if not in_time:
            raise SendFailed("dns_timeout", f"The host name could not be looked up within {seconds(deadline.seconds)}.")
        if not lookup.addresses:
            raise SendFailed("dns", "The host name could not be found.")
        return lookup.addresses

    def _begin(self, name: str) -> _Lookup:
        with self._lock:
            if lookup := self._pending.get(name):
                return lookup
            if len(self._pending) >= MAX_LOOKUPS:
                raise SendFailed("dns_timeout", "Too many host names were being looked up at that moment.")
            lookup = self._pending[name] = _Lookup()
        try:
            # Daemons: a resolver that hangs must not keep the process from ending.
            threading.Thread(target=self._look_up, args=(name, lookup), name="lookup", daemon=True).start()
        except RuntimeError:  # no more threads
            self._end(name, lookup)
        return lookup

    def _look_up(self, name: str, lookup: _Lookup) -> None:
        try:
            lookup.addresses = list(self._resolve(name))
        except (OSError, UnicodeError):
            pass  # no address: the waiting sender says so
        finally:
            self._end(name, lookup)

    def _end(self, name: str, lookup: _Lookup) -> None:
        with self._lock:
            self._pending.pop(name, None)
        lookup.done.set()
