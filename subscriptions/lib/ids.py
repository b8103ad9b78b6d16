"""Identifiers: version 7 UUIDs (RFC 9562), plain and with a three-letter prefix. No Django.

A version 7 UUID begins with the time, so new rows go to the end of an index instead of all over it.
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
# The 12 bits after the milliseconds count within one millisecond, from a random number below this.
_COUNTER_STARTS_BELOW = 1 << 11

_lock = threading.Lock()
_last = 0  # milliseconds and counter of the last one, as 60 bits


def uuid7() -> uuid.UUID:
    """A version 7 UUID: 48 bits of milliseconds since 1970, a counter of 12 bits, 62 random bits.

    Each is larger than the one that this process made before it: the events of one transaction sort as they were
    published, though several fall into a millisecond."""
    global _last
    fresh = (time.time_ns() // 1_000_000) << 12 | secrets.randbelow(_COUNTER_STARTS_BELOW)
    with _lock:
        # A counter that runs over borrows from the next millisecond, and so does a clock that was set back.
        _last = fresh if fresh >> 12 > _last >> 12 else _last + 1
        moment = _last
    return uuid.UUID(int=(moment >> 12) << 80 | _VERSION | (moment & 0xFFF) << 64 | _VARIANT | secrets.randbits(62))


def first_uuid7_at(seconds: float) -> uuid.UUID:
    """The smallest version 7 UUID of a time (seconds since 1970), to select rows created before or after it."""
    return uuid.UUID(int=(int(seconds * 1000) << 80) | _VERSION | _VARIANT)


def resource_id(prefix: str) -> str:
    """`CAL0192f3…`: the prefix and 32 lower-case hex digits."""
    return prefix + uuid7().hex
