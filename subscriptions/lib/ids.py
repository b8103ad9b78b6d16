"""Identifiers: version 7 UUIDs (RFC 9562), plain and with a three-letter prefix. No Django.

A version 7 UUID begins with the time, so new rows go to the end of an index instead of all over it.
"""

from __future__ import annotations

import secrets
import time
import uuid

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


def uuid7() -> uuid.UUID:
    """A version 7 UUID: 48 bits of milliseconds since 1970, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    return uuid.UUID(
        int=(milliseconds << 80) | _VERSION | (secrets.randbits(12) << 64) | _VARIANT | secrets.randbits(62)
    )


def first_uuid7_at(seconds: float) -> uuid.UUID:
    """The smallest version 7 UUID of a time (seconds since 1970), to select rows created before or after it."""
    return uuid.UUID(int=(int(seconds * 1000) << 80) | _VERSION | _VARIANT)


def resource_id(prefix: str) -> str:
    """`CAL0192f3…`: the prefix and 32 lower-case hex digits."""
    return prefix + uuid7().hex
