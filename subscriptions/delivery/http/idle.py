"""Connections between two requests: kept for the next one to the same place, few, and not for long."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from .connections import Connection

Place = tuple[str, str, int, str]  # scheme, host, port, and the client certificate that opened it

# A name that moves is followed after this time; a TLS handshake a minute costs nothing.
MAX_AGE = 60.0
# Most servers close sooner or about then. What they close first is found out when it is taken.
MAX_IDLE = 20.0


class IdleConnections:
    """At most `total` connections in all, `per_place` to one place; the longest unused place loses first."""

    def __init__(self, *, total: int, per_place: int) -> None:
        self._total = total
        self._per_place = per_place
        self._lock = threading.Lock()
        self._places: OrderedDict[Place, list[Connection]] = OrderedDict()
        self._count = 0
        self._closed = False

    def take(self, place: Place) -> Connection | None:
        """A connection that is open and quiet, the one used last; the caller owns it."""
        while connection := self._pop(place):
            now = time.monotonic()
            if now - connection.opened_at < MAX_AGE and now - connection.idle_since < MAX_IDLE and connection.is_quiet:
                return connection
            connection.close()
        return None

    def give(self, place: Place, connection: Connection) -> None:
        """Hand a connection back that is ready for another request."""
        connection.idle_since = time.monotonic()
        surplus: Connection | None = None
        with self._lock:
            waiting = self._places.get(place, [])
            if self._closed or len(waiting) >= self._per_place:
                surplus = connection
            else:
                waiting.append(connection)
                self._places[place] = waiting
                self._places.move_to_end(place)
                self._count += 1
                if self._count > self._total:
                    surplus = self._oldest()
        if surplus:
            surplus.close()

    def close(self) -> None:
        """Close what waits here, and from now on whatever is given back."""
        with self._lock:
            self._closed = True
            waiting = [connection for place in self._places.values() for connection in place]
            self._places.clear()
            self._count = 0
        for connection in waiting:
            connection.close()

    def _pop(self, place: Place) -> Connection | None:
        with self._lock:
            waiting = self._places.get(place)
            if not waiting:
                return None
            self._count -= 1
            connection = waiting.pop()
            if not waiting:
                del self._places[place]
            return connection

    def _oldest(self) -> Connection:
        place, waiting = next(iter(self._places.items()))
        self._count -= 1
        connection = waiting.pop(0)
        if not waiting:
            del self._places[place]
        return connection
