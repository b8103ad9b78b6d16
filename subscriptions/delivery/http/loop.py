"""Thousands of requests under way in one thread: libcurl's multi interface behind one epoll.

Invariants
- One thread has a loop and all that hangs on it. Lookups alone run in other threads.
- `start` never waits and never raises for what a URL or a header holds; each key that was started comes back once.
- A request is over by `total_timeout`, its lookup, connection and TLS handshake by `connect_timeout`, the body of its
  answer by `BODY_SECONDS` after the head: by the wall clock, whatever the other side does.
"""

from __future__ import annotations

import contextlib
import logging
import select
import ssl
import time
from collections.abc import Collection, Hashable, Sequence
from functools import lru_cache, partial

import certifi
import pycurl

from .addresses import Network, parse_networks
from .descriptors import allow_connections
from .failures import INTERNAL, SendFailed
from .handles import Settings, Sockets
from .header_rules import Unsendable, header_lines
from .lookups import Resolve, hosts_file_too, system_resolve
from .messages import Answer, Request
from .openings import Openings
from .proxies import Proxy
from .routes import Routes
from .transfer import Transfer
from .url_rules import UrlRefused, read_url

logger = logging.getLogger(__name__)

# The status decides, the body is only for the log.
BODY_SECONDS = 5.0
# Most servers close an idle connection sooner or about then. What they close first is found out when it is needed.
MAX_IDLE = 20
# A name that moves is followed after this time.
MAX_AGE = 300
FLOOD_CHECK = 8  # events on one socket for one answer; few have more than three
SWEEP_SECONDS = 0.05  # between two looks for lookups and bodies that take too long
BAD_HEADER = "A request header cannot be sent: its name or a character is not allowed."

_EVENTS = {
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}


class Loop:
    """`start` requests, `wait` for answers."""

    def __init__(
        self,
        *,
        allowed_networks: Sequence[str | Network] = (),
        connect_timeout: float = 5.0,
        total_timeout: float = 15.0,
        in_flight: int = 2500,
        user_agent: str = "Callhooks",
        ca_bundle: str | None = None,
        proxy: str | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        """`in_flight` is how many requests are meant to be under way at once: it decides how many connections are kept.
        `resolve` gives the addresses of a name. `proxy` is a forward proxy, `http://[user:password@]host:port`.
        Raises ValueError for a network or a proxy that cannot be read, OSError for the CA bundle."""
        allowed = parse_networks(allowed_networks)
        self._proxy = Proxy.from_url(proxy) if proxy else None
        if ca_bundle:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_bundle)  # what cannot be read is told here
        if self._proxy or (allowed and not resolve):
            resolve = hosts_file_too
        self._openings = Openings(resolve or system_resolve, connect_timeout)
        self._sockets = Sockets()
        self._settings = Settings(
            connect_timeout=connect_timeout,
            total_timeout=total_timeout,
            user_agent=user_agent,
            ca_bundle=ca_bundle or certifi.where(),
            max_idle=MAX_IDLE,
            max_age=MAX_AGE,
            proxy_login=self._proxy.login if self._proxy else "",
        )
        # The rules cost 20 µs, and most deliveries go where another has just gone.
        self._read_url = lru_cache(maxsize=4096)(partial(read_url, allowed=allowed))
        self._routes = Routes(4 * in_flight, allowed, self._proxy)
        self._free: list[Transfer] = []
        self._under_way: set[Transfer] = set()
        self._answers: list[tuple[Hashable, Answer]] = []
        self._wanted: dict[int, int] = {}  # sockets that libcurl waits for, and how many events each had since
        self._descriptors: set[int] = set()
        self._timer_at: float | None = None
        self._sweep_at = 0.0
        self._fault: Exception | None = None
        self._epoll = select.epoll()
        self._epoll.register(self._openings.fileno(), select.EPOLLIN)
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, allow_connections(2 * in_flight))

    @property
    def in_flight(self) -> int:
        """Requests that were started and have not come back."""
        return len(self._under_way) + len(self._answers)

    def start(self, key: Hashable, request: Request) -> None:
        """Begin a request. Its answer comes out of `wait` with its key, also when it is refused at once."""
        transfer = self._free.pop() if self._free else Transfer(self._settings, self._sockets)
        try:
            target = self._read_url(request.url)
            lines = header_lines(request.headers)
            certificate = request.certificate if target.scheme == "https" else ""
            route = self._routes.to(target, request.tenant, certificate)
            transfer.begin(key, request.body, target, route, lines, certificate, request.connect_only)
            self._multi.add_handle(transfer.easy)
        except (SendFailed, UrlRefused) as failure:
            self._refuse(key, transfer, failure.code, str(failure))
        except Unsendable:
            self._refuse(key, transfer, "bad_header", BAD_HEADER)
        except Exception:  # one odd request must not end the drain that sends all the others
            logger.exception("A request could not be sent because of a fault in the client.")
            self._refuse(key, transfer, INTERNAL.code, INTERNAL.message)
        else:
            self._under_way.add(transfer)

    def wait(self, timeout: float, descriptors: Collection[int] = ()) -> tuple[list[tuple[Hashable, Answer]], set[int]]:
        """Wait until requests are over, one of the descriptors is readable or `timeout` seconds have passed. Returns
        what is over, with its keys, and which of the descriptors are ready."""
        self._watch(descriptors)
        until = time.monotonic() + timeout
        ready: set[int] = set()
        pause = 0.0  # a first look before anything begins: what came on idle connections ends them
        while True:
            for descriptor, events in self._epoll.poll(pause):
                if descriptor in self._descriptors:
                    ready.add(descriptor)
                elif descriptor == self._openings.fileno():
                    self._openings.collect()
                else:
                    self._on_ready(descriptor, events)
            self._run_timers()
            self._collect()
            now = time.monotonic()
            if self._answers or ready or now >= until:
                answers, self._answers = self._answers, []
                return answers, ready
            pause = max(0.0, min(until, self._next_moment()) - now)

    def close(self) -> None:
        """Give up what is under way, and close all connections."""
        for transfer in self._under_way:
            with contextlib.suppress(pycurl.error):  # it waits for its address, and libcurl has it not
                self._multi.remove_handle(transfer.easy)
        self._multi.close()
        for transfer in [*self._under_way, *self._free]:
            transfer.close()
        self._openings.close()
        self._sockets.close()
        self._epoll.close()
        self._under_way.clear()
        self._free.clear()
        self._answers.clear()

    def _refuse(self, key: Hashable, transfer: Transfer, code: str, message: str) -> None:
        self._answers.append((key, Answer(None, [], b"", False, 0, code, message)))
        self._keep(transfer)

    def _keep(self, transfer: Transfer) -> None:
        """For another request."""
        if transfer.connects_only:
            transfer.close()  # libcurl keeps such a connection with its handle
        else:
            self._free.append(transfer)

    # Sockets and time

    def _watch(self, descriptors: Collection[int]) -> None:
        """Each is told to epoll anew: one that was closed and opened again since the last time has left it."""
        for gone in self._descriptors.difference(descriptors):
            with contextlib.suppress(OSError):  # it was closed
                self._epoll.unregister(gone)
        self._descriptors = set(descriptors)
        for descriptor in self._descriptors:
            self._register(descriptor, select.EPOLLIN)

    def _register(self, descriptor: int, events: int) -> None:
        try:
            self._epoll.modify(descriptor, events)
        except FileNotFoundError:
            self._epoll.register(descriptor, events)

    def _on_socket(self, what: int, descriptor: int, *_: object) -> None:
        """libcurl says what it waits for. What it no longer waits for stays registered: mostly it waits again soon."""
        try:
            if what == pycurl.POLL_REMOVE:
                self._wanted.pop(descriptor, None)
            else:
                self._wanted.setdefault(descriptor, 0)
                self._register(descriptor, _EVENTS[what])
        except Exception as error:
            logger.exception("libcurl's sockets cannot be watched.")
            self._fault = error  # raised when libcurl has returned: pycurl would go on

    def _on_timer(self, milliseconds: int) -> None:
        self._timer_at = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def _on_ready(self, descriptor: int, events: int) -> None:
        if descriptor not in self._wanted:
            if events == select.EPOLLOUT:
                with contextlib.suppress(OSError):  # an event before this one, of the same look, had it closed
                    self._epoll.modify(descriptor, select.EPOLLIN)
            else:
                # A kept connection has ended, or somebody sent what nobody asked for. libcurl does not look at one that
                # was used within the last second: it would take that for the answer to the next request.
                self._sockets.cut(descriptor)
            return
        events_seen = self._wanted[descriptor] = self._wanted[descriptor] + 1
        if events_seen % FLOOD_CHECK == 0 and self._sockets.is_flooded(descriptor, begins=events_seen == FLOOD_CHECK):
            self._sockets.cut(descriptor)
            events = select.EPOLLIN
        mask = 0
        if events & select.EPOLLIN:
            mask |= pycurl.CSELECT_IN
        if events & select.EPOLLOUT:
            mask |= pycurl.CSELECT_OUT
        if events & (select.EPOLLERR | select.EPOLLHUP):
            mask |= pycurl.CSELECT_ERR
        self._act(descriptor, mask)

    def _run_timers(self) -> None:
        now = time.monotonic()
        if self._timer_at is not None and self._timer_at <= now:
            self._timer_at = None
            self._act(pycurl.SOCKET_TIMEOUT, 0)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_SECONDS
            self._sweep(now)

    def _act(self, descriptor: int, mask: int) -> None:
        self._multi.socket_action(descriptor, mask)
        self._sockets.release()
        if self._fault:
            fault, self._fault = self._fault, None
            raise fault

    def _next_moment(self) -> float:
        if self._openings.has_work:
            return 0.0
        moment = self._sweep_at if self._under_way else self._sweep_at + 3600
        return moment if self._timer_at is None else min(moment, self._timer_at)

    def _sweep(self, now: float) -> None:
        """End what takes too long and is not libcurl's to end."""
        late = [transfer for transfer in self._under_way if transfer.head_at and now - transfer.head_at > BODY_SECONDS]
        for transfer in late:
            self._multi.remove_handle(transfer.easy)
            self._end(transfer, transfer.answer(pycurl.E_OPERATION_TIMEDOUT, ""))
        self._openings.end_late(now)

    # Answers

    def _collect(self) -> None:
        while True:
            more, good, bad = self._multi.info_read()
            for easy in good:
                self._done(easy.transfer, pycurl.E_OK, "")
            for easy, code, text in bad:
                self._done(easy.transfer, code, text)
            if not more:
                break
        for transfer, failure in self._openings.failed():
            self._end(transfer, transfer.failed(failure))
        for transfer in self._openings.ready():
            self._multi.add_handle(transfer.easy)

    def _done(self, transfer: Transfer, code: int, text: str) -> None:
        answer = None if transfer.wants_address or transfer.met_dead(code) else transfer.answer(code, text)
        self._multi.remove_handle(transfer.easy)
        if answer:
            self._end(transfer, answer)
        else:
            self._openings.ask(transfer)

    def _end(self, transfer: Transfer, answer: Answer) -> None:
        self._under_way.discard(transfer)
        self._answers.append((transfer.key, answer))
        self._keep(transfer)
