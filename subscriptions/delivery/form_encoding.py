"""A JSON body as application/x-www-form-urlencoded. Pure: the same body gives the same bytes, so each attempt sends the
same."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


def encode_body(body: bytes, encoding: str) -> bytes:
    """The bytes to sign and to send: for `form` one field for each top-level name, lists and objects as JSON."""
    if encoding == "json":
        return body
    return urlencode([(name, _text(value)) for name, value in json.loads(body).items()]).encode("ascii")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
