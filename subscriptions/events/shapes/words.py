"""A shape as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .formats import FORMATS
from .masks import KINDS

STANDARD = "As the payload version says."


def sentence(shape: Mapping[str, Any] | None) -> str:
    """What a subscription asks of its bodies."""
    return " ".join(_parts(shape or {})) or STANDARD


def _parts(shape: Mapping[str, Any]) -> list[str]:
    said = [f"{FORMATS[shape['format']]}."] if shape.get("format") in FORMATS else []
    if "messages" in shape:
        said.append("Wording of your own.")
    if "only" in shape:
        said.append(f"Only {_count(shape['only'], 'key')}.")
    if "leave_out" in shape:
        said.append(f"Without {_count(shape['leave_out'], 'key')}.")
    if "rename" in shape:
        said.append(f"{_count(shape['rename'], 'key')} renamed.")
    if "mask" in shape:
        said.append(f"{' and '.join(KINDS[kind] for kind in shape['mask']).capitalize()} of customers masked.")
    if "transcripts" in shape:
        said.append("Without transcripts.")
    return said


def _count(named: Any, word: str) -> str:
    names = list(named)
    return names[0] if len(names) == 1 else f"{len(names)} {word}s"
