"""Who may have how much under way. Pure: no database, and the clock is handed in.

Turns are taken in the claim, among companies first; here is what a claim is told of this drain: how much it may hold of
a company, of one of its hosts, and of an endpoint, by how long that one took lately.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field

# While others wait, a company holds at most this part of what a drain may have under way; alone it leaves the rest free
# for who comes next, since a request under way is never taken back.
COMPANY_SHARE = 0.25
ALONE_SHARE = 0.75
# The last half is not for endpoints that fail, the last quarter only for those that answered well lately.
FAILING_SHARE = 0.5
UNKNOWN_SHARE = 0.75
# Bytes of a body that take one of the places: memory has an end, too. A usual body has some thousand.
PLACE_BYTES = 50_000
# Requests that nothing is known of an endpoint yet are let go at first.
FIRST_REQUESTS = 2
# An endpoint may keep requests under way worth so many seconds of its own time: one that takes 100 ms as many as the
# setting allows, one that takes longer than half of this one at a time. A thousand endpoints that take just over a
# second then fill all places of two drains, five each. With five seconds it were four: a fifth less, 3,150 a second.
WORTH_SECONDS = 5.5
# What one claim brings of an endpoint lasts for about so long: claims are few then, and each brings much.
FEED_SECONDS = 0.5
LARGEST_WINDOW = 64  # rows of one endpoint that one drain holds at a time
# An endpoint that may have fewer under way is slow: short claims bring it one row at a time.
FEW_REQUESTS = 4
# Weight of the newest request in an endpoint's time per request.
NEWEST = 0.3
# Endpoints whose pace is remembered: the ones that were heard of last. Others begin anew.
REMEMBERED = 1000
# Hosts whose limits are remembered; one that was forgotten has used nothing.
HOSTS_REMEMBERED = 1000
# With nothing left of a host's rate, the seconds until a claim looks at it again: tokens for some requests.
HOST_REST_SECONDS = 0.5

NO_LIMIT = 1_000_000


@dataclass(slots=True)
class Paces:
    """How quickly endpoints answered lately, and what follows: requests under way and rows to claim."""

    most: int  # requests of one endpoint under way in this drain
    _seconds: OrderedDict[int, float] = field(default_factory=OrderedDict)
    _windows: dict[int, int] = field(default_factory=dict)  # that differ from the first
    _slow: set[int] = field(default_factory=set)

    def note(self, endpoint: int, seconds: float, *, good: bool) -> None:
        """One answer. A failure makes it as one that takes its whole worth: one at a time until it answers well."""
        seconds = seconds if good else max(seconds, WORTH_SECONDS)
        before = self._seconds.pop(endpoint, seconds)
        # Slower counts at once: what hangs takes places now. Quicker has to be shown.
        self._seconds[endpoint] = seconds if seconds > 2 * before else before + NEWEST * (seconds - before)
        if (size := self.window(endpoint)) != self.first:
            self._windows[endpoint] = size
        else:
            self._windows.pop(endpoint, None)
        if self.requests(endpoint) < FEW_REQUESTS:
            self._slow.add(endpoint)
        else:
            self._slow.discard(endpoint)
        if len(self._seconds) > REMEMBERED:
            forgotten, _ = self._seconds.popitem(last=False)
            self._windows.pop(forgotten, None)
            self._slow.discard(forgotten)

    def requests(self, endpoint: int) -> int:
        """How many requests of the endpoint may be under way."""
        seconds = self._seconds.get(endpoint)
        if seconds is None:
            return min(FIRST_REQUESTS, self.most)
        return max(1, min(self.most, int(WORTH_SECONDS / max(seconds, 0.001))))

    def window(self, endpoint: int) -> int:
        """How many rows of the endpoint may be claimed."""
        requests = self.requests(endpoint)
        seconds = self._seconds.get(endpoint)
        if seconds is None:
            return requests
        return max(requests, min(LARGEST_WINDOW, int(requests * FEED_SECONDS / max(seconds, 0.001))))

    def windows(self) -> dict[int, int]:
        """Of endpoints whose window is not that of an unknown one. A copy: another thread notes answers."""
        return self._windows.copy()

    def slow(self) -> list[int]:
        """Endpoints that may have fewer requests under way than FEW_REQUESTS, as far as is known."""
        return list(self._slow)

    @property
    def first(self) -> int:
        return min(FIRST_REQUESTS, self.most)


@dataclass(slots=True)
class _Host:
    tokens: float
    at: float
    held: int = 0


@dataclass(slots=True)
class Hosts:
    """Limits of one company at one host: rows held, and requests a second (0: none of either). Each drain has its part
    of them. A second's worth may go at once."""

    most: int
    per_second: float
    _known: OrderedDict[tuple[int, str], _Host] = field(default_factory=OrderedDict)

    @property
    def limited(self) -> bool:
        return bool(self.most or self.per_second)

    @property
    def first(self) -> int:
        """Rows for a host that nothing is known of."""
        return min(self.most or NO_LIMIT, self._burst if self.per_second else NO_LIMIT)

    @property
    def _burst(self) -> int:
        return max(1, int(self.per_second))

    def take(self, key: tuple[int, str], now: float) -> None:
        """A row was claimed: it will be sent."""
        if not self.limited:
            return
        host = self._refilled(key, now)
        host.tokens -= 1
        host.held += 1
        self._known.move_to_end(key)
        if len(self._known) > HOSTS_REMEMBERED:
            self._forget_idle()

    def release(self, key: tuple[int, str]) -> None:
        if (host := self._known.get(key)) is not None:
            host.held = max(0, host.held - 1)

    def rooms(self, now: float) -> dict[tuple[int, str], tuple[int, float]]:
        """Of hosts that have less room than unknown ones: rows, and the seconds until there may be more."""
        rooms = {}
        for key in self._known:
            if (room := self._room(key, now)) < self.first:
                rooms[key] = (room, HOST_REST_SECONDS)
        return rooms

    def room_of_company(self, company: int, now: float) -> int:
        """Rows for the one of its hosts that has the least room."""
        known = [key for key in self._known if key[0] == company]
        return min([self.first, *(self._room(key, now) for key in known)])

    def _room(self, key: tuple[int, str], now: float) -> int:
        host = self._refilled(key, now)
        return max(
            0,
            min(self.most - host.held if self.most else NO_LIMIT, int(host.tokens) if self.per_second else NO_LIMIT),
        )

    def _refilled(self, key: tuple[int, str], now: float) -> _Host:
        host = self._known.get(key)
        if host is None:
            host = self._known[key] = _Host(float(self._burst), now)
        host.tokens = min(float(self._burst), host.tokens + (now - host.at) * self.per_second)
        host.at = now
        return host

    def _forget_idle(self) -> None:
        for key in [key for key, host in self._known.items() if not host.held][: HOSTS_REMEMBERED // 10]:
            del self._known[key]


@dataclass(slots=True)
class Shares:
    """What a drain holds, and how much more of whom it may: `places` in all."""

    places: int
    held: int = 0
    companies: Counter[int] = field(default_factory=Counter)
    trusts: Counter[int] = field(default_factory=Counter)

    def take(self, company: int, trust: int, size: int = 0) -> None:
        """`size`: of the body, in bytes; the same when it is released."""
        places = 1 + size // PLACE_BYTES
        self.held += places
        self.companies[company] += places
        self.trusts[trust] += places

    def release(self, company: int, trust: int, size: int = 0) -> None:
        places = 1 + size // PLACE_BYTES
        self.held -= places
        self.trusts[trust] -= places
        self.companies[company] -= places
        if self.companies[company] <= 0:
            del self.companies[company]

    @property
    def room(self) -> int:
        return max(0, self.places - self.held)

    @property
    def company(self) -> int:
        """Rows of one company while others wait."""
        return max(1, int(self.places * COMPANY_SHARE))

    @property
    def alone(self) -> int:
        return max(1, int(self.places * ALONE_SHARE))

    @property
    def failing(self) -> int:
        """How many more rows of endpoints that fail."""
        return max(0, max(1, int(self.places * FAILING_SHARE)) - self.trusts[0])

    @property
    def unknown(self) -> int:
        """How many more rows of endpoints that nothing is known of."""
        return max(0, max(1, int(self.places * UNKNOWN_SHARE)) - self.trusts[0] - self.trusts[1])
