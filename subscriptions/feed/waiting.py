"""Wait for the next event of a feed, for a limited time and in a limited number of threads.

A request that waits holds one of its process's threads. So few may, and fewer of one company: whoever finds no place is
asked to come back, and gets what there is meanwhile without waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..lib.process_slots import ProcessSlots
from .cursors import Cursor
from .reading import Feed, Page

TOGETHER = 4  # of the process's threads in gunicorn.conf.py
OF_ONE_COMPANY = 2
SLOTS = ProcessSlots(TOGETHER, OF_ONE_COMPANY)
LOOK_AGAIN_SECONDS = 5  # for whoever found no place

LONGEST_WAIT = 25  # seconds; below the time after which proxies and clients give up
LONGEST_STREAM = 60.0  # then the client connects again, and others have their chance of a place
POLL_SECONDS = 0.5  # between two looks, which cost 1 ms each
# To take a page of a stream. A client that reads a byte now and then would hold its place, and the front server hands
# streams on as they come.
LONGEST_WRITE = 30.0
HEARTBEAT_SECONDS = 10.0  # something is sent at least so often, so that a client that has gone is noticed


class NoPlace(Exception):
    """All places for waiting are taken."""


@contextmanager
def place(company: int) -> Iterator[None]:
    """Hold a place. Raises NoPlace."""
    release = take_place(company)
    try:
        yield
    finally:
        release()


def take_place(company: int) -> Callable[[], None]:
    """Returns what gives the place back, and does nothing when it is called again. Raises NoPlace."""
    if not SLOTS.take(company):
        raise NoPlace
    held = [company]

    def release() -> None:
        if held:
            SLOTS.give_back(held.pop())

    return release


def limit_writes(environ: Mapping[str, Any]) -> None:
    """The client of this request takes each piece of its answer within LONGEST_WRITE, or is cut off. gunicorn waits for
    ever, unless its socket says how long, and sets that back before the next request."""
    connection = environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(LONGEST_WRITE)


def wait_for_page(feed: Feed, after: Cursor, *, size: int, seconds: float) -> Page:
    """The next page that has an event, or an empty one when the time is over."""
    ends_at = time.monotonic() + seconds
    page = feed.read(after, size=size)
    while not page.events and time.monotonic() < ends_at:
        if not page.more:
            time.sleep(min(POLL_SECONDS, max(0.0, ends_at - time.monotonic())))
        page = feed.read(page.cursor, size=size)
    return page


def follow(feed: Feed, after: Cursor, *, size: int, seconds: float = LONGEST_STREAM) -> Iterator[Page]:
    """Page after page for so long; an empty one at least every HEARTBEAT_SECONDS."""
    ends_at = time.monotonic() + seconds
    while (left := ends_at - time.monotonic()) > 0:
        page = wait_for_page(feed, after, size=size, seconds=min(left, HEARTBEAT_SECONDS))
        after = page.cursor
        yield page
