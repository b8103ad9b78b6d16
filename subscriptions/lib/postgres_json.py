"""What PostgreSQL can keep of JSON, and those can read who get it later: told where it is not. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

# Deeper than anything that a call says, far below the recursion limits of those who read it later.
MOST_LEVELS = 20
LARGEST_NUMBER = 2**63

Path = tuple[str | int, ...]


def find_problems(data: Any) -> Iterator[tuple[Path, str]]:
    """Where a value cannot be kept, and why. Without recursion: the depth is what it guards."""
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            fault = _text_fault(value)
            if fault:
                yield path, fault
        elif isinstance(value, dict | list):
            if len(path) >= MOST_LEVELS:
                yield path[:1], f"This is nested deeper than {MOST_LEVELS} levels."
                return
            if isinstance(value, dict):
                for name, inner in value.items():
                    fault = _text_fault(name)
                    if fault:
                        yield path, f"A name in it is not usable: {fault}"
                    waiting.append(((*path, name), inner))
            else:
                waiting.extend(((*path, number), inner) for number, inner in enumerate(value))
        elif isinstance(value, int | float) and not (math.isfinite(value) and abs(value) < LARGEST_NUMBER):
            yield path, "This number is too large."


def _text_fault(text: str) -> str:
    if text.isascii():
        return "It holds a NUL character (\\u0000), which cannot be stored." if "\x00" in text else ""
    if "\x00" in text:
        return "It holds a NUL character (\\u0000), which cannot be stored."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "It holds half of a surrogate pair (\\ud800 to \\udfff), which is no character."
    return ""
