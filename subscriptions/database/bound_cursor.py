from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import psycopg

_PLACEHOLDER = re.compile(r"%(?:%|s|\((\w+)\)s)")


class BoundCursor(psycopg.RawCursor[tuple[Any, ...]]):
    """Hands parameters over beside the statement. Placeholders are psycopg's, `%s` or `%(name)s`, but are found once:
    psycopg goes through a statement as long as a claim's anew for every call, which takes a millisecond."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> BoundCursor:
        if params is not None:
            query, names = number_placeholders(query)
            params = [params[name] for name in names] if isinstance(params, Mapping) else list(params)
        return super().execute(query, params, **more)


class BinaryCursor(BoundCursor):
    """Gets its rows in binary: bodies come at half the size."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        super().__init__(connection)
        self.format = psycopg.pq.Format.BINARY


@lru_cache(maxsize=256)  # more than there are such statements
def number_placeholders(statement: str) -> tuple[bytes, list[str]]:
    """The statement as it is sent, with `$1`, `$2` … for its placeholders, and the names in their order, if they have
    names."""
    names: list[str] = []
    unnamed = 0

    def number(found: re.Match[str]) -> str:
        nonlocal unnamed
        if found[0] == "%%":
            return "%"
        if (name := found[1]) is None:
            unnamed += 1
            return f"${unnamed}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACEHOLDER.sub(number, statement).encode(), names
