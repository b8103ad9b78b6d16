"""Find what PostgreSQL cannot store in a JSON value, or receivers could not parse. No Django."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Deeper than any real call, text or form; far below the recursion limits of JSON parsers.
MOST_LEVELS = 20
LARGEST_NUMBER = 2**63

Path = tuple[str | int, ...]


def find_problems(data: Any) -> Iterator[tuple[Path, str]]:
    """The path to each value that cannot be stored, and why. Not recursive, since the data may be nested too deeply."""
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            problem = _find_text_problem(value)
            if problem:
                yield path, problem
        elif isinstance(value, dict | list):
            if len(path) >= MOST_LEVELS:
                yield path[:1], f"This is nested deeper than {MOST_LEVELS} levels."
                return
            if isinstance(value, dict):
                for name, inner in value.items():
                    problem = _find_text_problem(name)
                    if problem:
                        yield path, f"A name in it cannot be used: {problem}"
                    waiting.append(((*path, name), inner))
            else:
                waiting.extend(((*path, number), inner) for number, inner in enumerate(value))
        elif isinstance(value, int | float) and not abs(value) < LARGEST_NUMBER:  # NaN is less than nothing
            yield path, "This number is too large."


def _find_text_problem(text: str) -> str:
    if text.isascii():
        return "It holds a NUL character (\\u0000), which cannot be stored." if "\x00" in text else ""
    if "\x00" in text:
        return "It holds a NUL character (\\u0000), which cannot be stored."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "It holds half of a surrogate pair (\\ud800 to \\udfff), which is not a character."
    return ""
