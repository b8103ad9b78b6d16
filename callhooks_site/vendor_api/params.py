"""Parameters of a query string, read as leniently as the vendor does; what nobody can mean is a 400."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from .errors import BadRequest

T = TypeVar("T")
_YES, _NO = ("true", "1", "yes", "t"), ("false", "0", "no", "f")
LARGEST = 2**31 - 1
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class Params:
    """`a` and `a[]` are the same parameter; of one that comes twice the last counts."""

    def __init__(self, given: Any) -> None:
        self._given = given

    def text(self, name: str) -> str:
        value = str(self._given.get(name, "")).strip()
        if "\x00" in value:
            raise BadRequest(f"{name} holds a character that cannot be stored.")
        return value

    def many(self, name: str) -> list[str]:
        """The values of `name`, `name[]` and `name[0]`, and those between commas."""
        values = [value for key, values in self._given.lists() if _base(key) == name for value in values]
        parts = [part.strip() for value in values for part in value.split(",")]
        if any("\x00" in part for part in parts):
            raise BadRequest(f"{name} holds a character that cannot be stored.")
        return [part for part in parts if part]

    def flag(self, name: str) -> bool | None:
        value = self.text(name).lower()
        if value in _YES or value in _NO:
            return value in _YES
        if value:
            raise BadRequest(f"{name} must be true or false.")
        return None

    def whole(self, name: str) -> int | None:
        value = self.text(name)
        if not value:
            return None
        if not _WHOLE.fullmatch(value):
            raise BadRequest(f"{name} must be a whole number.")
        return max(-LARGEST, min(LARGEST, int(value)))

    def choice(self, name: str, known: Mapping[str, T]) -> T | None:
        value = self.text(name)
        if not value:
            return None
        if value not in known:
            raise BadRequest(f"{name} must be one of: {', '.join(known)}.")
        return known[value]


def _base(key: str) -> str:
    return key.partition("[")[0]
