"""Bodies of requests and responses as text for a page. The templates escape it."""

from __future__ import annotations

import json
import re

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
REPLACED = "\N{REPLACEMENT CHARACTER}"


def decode_body(body: bytes) -> str:
    """The body as UTF-8 text; a body that is none says how large it is."""
    decoded = _CONTROLS.sub(REPLACED, body.decode("utf-8", "replace"))
    if body and decoded.count(REPLACED) > max(8, len(decoded) // 10):
        return f"({len(body)} bytes that are not text)"
    return decoded


def pretty_json(event_body: bytes) -> str:
    """An event's JSON with line breaks."""
    return json.dumps(json.loads(event_body), indent=2, ensure_ascii=False)


def list_changes(event_body: bytes) -> list[str]:
    """What a Call Modified says was changed."""
    return [str(name).replace("_", " ") for name in json.loads(event_body).get("changes", [])]
