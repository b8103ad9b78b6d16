"""What libcurl alone can do from Python: its multi interface on an event loop, one process, no database, no records.

python -m tests.bench.bare_loop     (reads a line of JSON, answers with one)
"""

from __future__ import annotations

import json
import resource
import select
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pycurl

from tests.bench.counting_receiver import CountingReceiver
from tests.bench.fixtures import BODY_BYTES
from tests.bench.helpers import helper

HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Callhooks/bench",
    "Signature": "UZAHbUdfm3GqL7qzilGozGzWV64=",
    "webhook-id": "evt_00000000000000000000000000000000",
    "webhook-timestamp": "1767225600",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLdS1c=",
    "Callhooks-Event": "post_call",
    "Callhooks-Sequence": "1",
    "Callhooks-Attempt": "1",
}
TIMEOUT_SECONDS = 15
LARGEST_EVENT_BATCH = 1000


@dataclass(slots=True)
class Sent:
    """After the warm-up, but for the memory, which is the most there was."""

    requests: int
    seconds: float
    cpu: float
    handshakes: int
    megabytes: float


class Loop:
    """Requests without end, `in_flight` of them at a time, to the URLs in turn."""

    def __init__(self, urls: Sequence[str], *, in_flight: int, body: bytes, authority: str = "") -> None:
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, in_flight)
        self._epoll = select.epoll()
        self._due: float | None = None
        self.requests = self.handshakes = 0
        headers = [f"{name}: {value}" for name, value in HEADERS.items()]
        # One handle for each request under way; it goes on with the same URL when it has its answer.
        self._handles = [
            self._handle(urls[number % len(urls)], headers, body, authority) for number in range(in_flight)
        ]

        for handle in self._handles:
            self._multi.add_handle(handle)

    def run(self, until: float) -> None:
        """Until that time by the monotonic clock. Raises RuntimeError when a request fails."""
        while (now := time.monotonic()) < until:
            if self._due is not None and self._due <= now:
                self._due = None
                self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
                self._collect()  # an answer that was there at once makes no event
            wait = min(until, self._due if self._due is not None else until) - time.monotonic()
            for descriptor, events in self._epoll.poll(max(0.0, wait), LARGEST_EVENT_BATCH):
                mask = pycurl.CSELECT_IN * bool(events & ~select.EPOLLOUT) | pycurl.CSELECT_OUT * bool(
                    events & select.EPOLLOUT
                )
                self._multi.socket_action(descriptor, mask)
            self._collect()

    def _handle(self, url: str, headers: list[str], body: bytes, authority: str) -> pycurl.Curl:
        handle = pycurl.Curl()
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.POST, 1)
        handle.setopt(pycurl.POSTFIELDS, body)
        handle.setopt(pycurl.HTTPHEADER, headers)
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        handle.setopt(pycurl.TIMEOUT, TIMEOUT_SECONDS)
        handle.setopt(pycurl.NOSIGNAL, 1)
        handle.setopt(pycurl.NOPROXY, "*")
        handle.setopt(pycurl.WRITEFUNCTION, len)
        if authority:
            handle.setopt(pycurl.CAINFO, authority)
        return handle

    def _collect(self) -> None:
        while True:
            waiting, done, failed = self._multi.info_read()
            if failed:
                raise RuntimeError(f"A request of the bare loop failed: {failed[0][1:]}")
            for handle in done:
                if (status := handle.getinfo(pycurl.RESPONSE_CODE)) != 204:
                    raise RuntimeError(f"A request of the bare loop was answered with {status}.")
                self.requests += 1
                self.handshakes += handle.getinfo(pycurl.NUM_CONNECTS)
                self._multi.remove_handle(handle)
                self._multi.add_handle(handle)
            if not waiting:
                return

    def _watch(self, what: int, descriptor: int, _multi: object, known: object) -> None:
        if what == pycurl.POLL_REMOVE:
            self._epoll.unregister(descriptor)
            return
        events = select.EPOLLIN * bool(what & pycurl.POLL_IN) | select.EPOLLOUT * bool(what & pycurl.POLL_OUT)
        if known is None:
            self._epoll.register(descriptor, events)
            self._multi.assign(descriptor, True)
        else:
            self._epoll.modify(descriptor, events)

    def _set_timer(self, milliseconds: int) -> None:
        self._due = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000


def run_bare_loop(
    receiver: CountingReceiver, endpoints: int, *, in_flight: int, warm_up: float, seconds: float
) -> Sent:
    """In a process of its own."""
    asked = {
        "urls": receiver.urls(endpoints), "in_flight": in_flight, "body_bytes": BODY_BYTES, "warm_up": warm_up,
        "seconds": seconds, "authority": str(receiver.authority or ""),
    }  # fmt: skip
    with helper("bare_loop") as process:
        return Sent(**json.loads(process.ask(json.dumps(asked))))


def send(asked: dict[str, Any]) -> Sent:
    """Send for `warm_up` seconds, or longer until every connection is open; then for `seconds`, of which the figures
    are."""
    loop = Loop(
        asked["urls"], in_flight=asked["in_flight"], body=b"x" * asked["body_bytes"], authority=asked["authority"]
    )
    give_up_at = time.monotonic() + asked["warm_up"] + TIMEOUT_SECONDS
    loop.run(time.monotonic() + asked["warm_up"])
    while loop.handshakes < asked["in_flight"] and time.monotonic() < give_up_at:
        loop.run(time.monotonic() + 0.1)
    requests, handshakes, begun, cpu = loop.requests, loop.handshakes, time.monotonic(), time.process_time()
    loop.run(begun + asked["seconds"])
    return Sent(
        loop.requests - requests,
        time.monotonic() - begun,
        time.process_time() - cpu,
        loop.handshakes - handshakes,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    )


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.stdout.write(json.dumps(asdict(send(json.loads(sys.stdin.readline())))) + "\n")


if __name__ == "__main__":
    main()
