"""Request and response bodies as text for a page. Templates escape it."""

from __future__ import annotations

import json
import re

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
REPLACED = "\N{REPLACEMENT CHARACTER}"


def decode_body(body: bytes) -> str:
    """The body as UTF-8 text, or its size if it is not text."""
    decoded = _CONTROLS.sub(REPLACED, body.decode("utf-8", "replace"))
    if body and decoded.count(REPLACED) > max(8, len(decoded) // 10):
        return f"({len(body)} bytes that are not text)"
    return decoded


def pretty_json(event_body: bytes) -> str:
    """The JSON of an event, indented."""
    return json.dumps(json.loads(event_body), indent=2, ensure_ascii=False)


def list_changes(event_body: bytes) -> list[str]:
    """The names in `changes` of a Call Modified."""
    body = json.loads(event_body) if event_body else {}
    return [str(name).replace("_", " ") for name in body.get("changes", [])]
