"""What the log lines of this request are about, beside what each says: ids as the admin shows them. Outside of requests
nothing is noted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

MOST_EVENTS = 20  # of one request that are named; a batch publishes hundreds

_about: ContextVar[dict[str, Any] | None] = ContextVar("log_context", default=None)


@contextmanager
def request() -> Iterator[None]:
    token = _about.set({})
    try:
        yield
    finally:
        _about.reset(token)


def note_company(resource_id: str) -> None:
    about = _about.get()
    if about is not None:
        about["company"] = resource_id


def note_event(event_id: str) -> None:
    """An event that this request published: `evt_` and 32 digits, as in the header `webhook-id`."""
    about = _about.get()
    if about is not None:
        events = about.setdefault("events", [])
        if len(events) < MOST_EVENTS:
            events.append(event_id)


def noted() -> dict[str, Any]:
    return _about.get() or {}
