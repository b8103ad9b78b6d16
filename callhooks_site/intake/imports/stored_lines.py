"""How a piece of a file is stored: its lines as JSON, compressed. A table whose cells are short is mostly the names of
its columns, and would take many times the room of the file.

Only what this module compressed is expanded here: a small file cannot become a large one."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

_COMPRESSED = "z:"  # before the text; pieces of earlier versions begin with "["


def pack(lines: list[list[Any]]) -> str:
    compressed = zlib.compress(json.dumps(lines).encode(), 6)
    return _COMPRESSED + base64.b85encode(compressed).decode("ascii")


def unpack(stored: str) -> list[list[Any]]:
    if not stored.startswith(_COMPRESSED):
        return list(json.loads(stored))
    return list(json.loads(zlib.decompress(base64.b85decode(stored.removeprefix(_COMPRESSED)))))
