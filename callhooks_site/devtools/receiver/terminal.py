"""Text for the terminal: received text must not control it, and colours are optional."""

import os
from typing import TextIO

ZERO_WIDTH_JOINER = "\u200d"  # holds families and flags of emoji together
GREEN, RED, BOLD = "32", "1;31", "1"


def safe(text: str, limit: int = 200) -> str:
    """`text` in one line of at most `limit` characters, control and direction ones written out (`\\x1b`)."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(char if char.isprintable() or char == ZERO_WIDTH_JOINER else _written_out(char) for char in cut)


def _written_out(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def wants_colour(stream: TextIO) -> bool:
    """On a terminal, unless NO_COLOR is set or the terminal is a dumb one."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
