"""Ids of traces and spans, computed from ids that every process has. Pure: no Django, no OpenTelemetry.

A trace's id is its event's: 16 bytes, of which the last seven are random, as W3C Trace Context asks of an id by which
traces are sampled.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

HEADER = "traceparent"
_RANDOM_BITS = 56
_SPAN_BITS = (1 << 64) - 1
# Version, trace id, parent's span id, flags. A later version may append more.
_HEADER = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


class Place(NamedTuple):
    """A span in its trace."""

    trace: int
    span: int


def is_sampled(event: UUID, share: float) -> bool:
    """Whether this event's trace is among the `share` (0 to 1) that is kept: the same in every process."""
    return event.int % (1 << _RANDOM_BITS) >= (1 - share) * (1 << _RANDOM_BITS)


def request_place(event: UUID) -> Place:
    """The request that published this event first."""
    return Place(event.int, _hashed(f"request {event}"))


def publishing_place(event: UUID) -> Place:
    return Place(event.int, event.int & _SPAN_BITS)  # never 0: a UUID's variant is in it


def attempt_place(event: UUID, delivery: int, attempt: int) -> Place:
    """One attempt at a delivery: what the receiver's own spans are children of."""
    return Place(event.int, _hashed(f"attempt {delivery} {attempt}"))


def write_header(place: Place, *, sampled: bool) -> str:
    return f"00-{place.trace:032x}-{place.span:016x}-{'01' if sampled else '00'}"


def read_header(value: str) -> Place | None:
    """The place in another system's trace; None for what is no `traceparent`."""
    found = _HEADER.fullmatch(value)
    return Place(int(found[1], 16), int(found[2], 16)) if found else None


def _hashed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) or 1  # 0 is no span
