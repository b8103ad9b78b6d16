"""Words in cells: choices in any spelling, and the ways to say that there is nothing. No Django."""

from __future__ import annotations

from collections.abc import Sequence

_NOTHING = frozenset(("", "-", "–", "—", "n/a", "na", "null", "none", "(none)", "(not set)", "(blank)", "\\n"))
_DIRECTIONS = {
    **dict.fromkeys(("in", "incoming", "received"), "inbound"),
    **dict.fromkeys(("out", "outgoing", "dialed", "dialled", "placed", "made"), "outbound"),
    "trunking_originating": "inbound",
    "trunking_terminating": "outbound",
}


def is_blank(text: str) -> bool:
    """Whether a cell of a number, a time or a choice says that there is none."""
    return text.strip().lower() in _NOTHING


def convert_choice(text: str, choices: Sequence[str]) -> str:
    """`Good Lead` → good_lead; for a direction also `Incoming`, `Outbound Call` and `outbound-dial`."""
    word = "_".join(text.strip().lower().replace("-", " ").replace("_", " ").split())
    if word in choices:
        return word
    if "inbound" in choices:
        first = _DIRECTIONS.get(word, word.partition("_")[0])
        first = _DIRECTIONS.get(first, first)
        return first if first in choices else text
    return text
