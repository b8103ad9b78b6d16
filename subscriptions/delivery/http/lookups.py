"""Names looked up in threads, with places for each tenant: `getaddrinfo` has no time limit and cannot be called off.

Invariants
- At most `MAX_LOOKUPS` are under way in a process and `PER_TENANT` for one tenant, those that nobody waits for any more
  included. What a tenant asks beyond that waits behind its own, so names whose DNS never answers hold nobody else.
- Whoever asks for a name that is being looked up shares that lookup.
- `ask`, `give_up` and `collect` are called by one thread, the loop's.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from .failures import SendFailed

Resolve = Callable[[str], Sequence[str]]

MAX_LOOKUPS = 64
PER_TENANT = 8


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


def find_within(resolve: Resolve, name: str, seconds_left: float) -> list[str]:
    """The addresses of a name; waits for them. Raises SendFailed when they take longer."""
    lookups = Lookups(resolve)
    try:
        lookups.ask(0, name, name)
        poll = select.poll()
        poll.register(lookups, select.POLLIN)
        if not poll.poll(seconds_left * 1000):
            raise SendFailed("dns_timeout", "The host name could not be looked up in time.")
        return [address for found in lookups.collect() for address in found.addresses or ()]
    finally:
        lookups.close()


def _look_up(name: str) -> list[str]:
    return [str(sockaddr[0]) for *_, sockaddr in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]


@dataclass(slots=True)
class Found:
    """`addresses` of a name: none if there is no such name, None if no thread could be had for it.
    `waiting` are those who asked."""

    addresses: list[str] | None
    waiting: list[Hashable]


@dataclass(slots=True)
class _Running:
    tenant: int
    waiting: list[Hashable]


class Lookups:
    """`fileno()` becomes readable when there is something to `collect`."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._running: dict[str, _Running] = {}
        self._places: Counter[int] = Counter()  # that tenants have taken
        self._queues: dict[int, dict[str, list[Hashable]]] = {}  # the tenant whose turn it is first
        self._done: deque[tuple[str, list[str] | None]] = deque()
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)

    def fileno(self) -> int:
        return self._ours.fileno()

    def ask(self, tenant: int, name: str, asker: Hashable) -> None:
        """`asker` is among those `waiting` of a `Found` later on."""
        if running := self._running.get(name):
            running.waiting.append(asker)
            return
        self._queues.setdefault(tenant, {}).setdefault(name, []).append(asker)
        self._begin()

    def give_up(self, tenant: int, name: str, asker: Hashable) -> bool:
        """`asker` waits no more. False if it waited for a place though its tenant had one to take: then it is the whole
        service that has too many lookups under way."""
        running = self._running.get(name)
        if running and asker in running.waiting:
            running.waiting.remove(asker)
            return True
        queue = self._queues[tenant]
        queue[name].remove(asker)
        if not queue[name]:
            del queue[name]
        if not queue:
            del self._queues[tenant]
        return self._places[tenant] >= PER_TENANT

    def collect(self) -> list[Found]:
        """What came in since the last call. Does not wait."""
        with contextlib.suppress(BlockingIOError):
            while self._ours.recv(4096):
                pass
        found = []
        while self._done:
            name, addresses = self._done.popleft()
            running = self._running.pop(name)
            self._places[running.tenant] -= 1
            if not self._places[running.tenant]:
                del self._places[running.tenant]
            found.append(Found(addresses, running.waiting))
        if found:
            self._begin()
        return found

    def close(self) -> None:
        """Threads that still wait for a resolver end by themselves."""
        self._ours.close()
        self._theirs.close()

    def _begin(self) -> None:
        """Fill the places, one tenant after the other."""
        blocked = 0
        while blocked < len(self._queues) and len(self._running) < MAX_LOOKUPS:
            tenant = next(iter(self._queues))
            queue = self._queues.pop(tenant)
            if self._places[tenant] >= PER_TENANT:
                blocked += 1
            else:
                blocked = 0
                self._begin_first(tenant, queue)
            if queue:
                self._queues[tenant] = queue

    def _begin_first(self, tenant: int, queue: dict[str, list[Hashable]]) -> None:
        name = next(iter(queue))
        waiting = queue.pop(name)
        if running := self._running.get(name):  # another tenant's
            running.waiting.extend(waiting)
            return
        self._running[name] = _Running(tenant, waiting)
        self._places[tenant] += 1
        try:
            # Daemons: a resolver that hangs must not keep the process from ending.
            threading.Thread(target=self._run, args=(name,), name="lookup", daemon=True).start()
        except RuntimeError:  # no more threads
            self._finish(name, None)

    def _run(self, name: str) -> None:
        addresses: list[str] | None = []
        try:
            addresses = list(self._resolve(name))
        except (OSError, UnicodeError):
            pass  # no address: whoever waits is told so
        finally:
            self._finish(name, addresses)

    def _finish(self, name: str, addresses: list[str] | None) -> None:
        self._done.append((name, addresses))
        with contextlib.suppress(OSError):  # full of bytes that say the same, or closed
            self._theirs.send(b".")
