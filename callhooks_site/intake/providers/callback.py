"""A callback as it came: what was signed, and the parameters in it. No Django."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from subscriptions.lib.postgres_json import find_problems

MOST_FIELDS = 400  # Twilio sends some forty; a text with ten pictures sixty
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MOST_JSON_DEPTH = 20


class Malformed(ValueError):
    """The message says what is wrong with it, for a person."""


@dataclass(frozen=True)
class Delivered:
    """A request as far as anybody signed it, and when it came."""

    method: str
    query: str  # as it stands in the URL
    content_type: str
    body: bytes
    received_at: datetime

    @property
    def is_form(self) -> bool:
        return self.content_type.partition(";")[0].strip().lower() in (FORM, "")

    @cached_property
    def fields(self) -> list[tuple[str, str]]:
        """What the body's form says. Raises Malformed."""
        return _parsed(self.body.decode("ascii", "replace")) if self.is_form else []

    @cached_property
    def options(self) -> dict[str, str]:
        """What the URL's query says: ours, put there by whoever pasted the URL. Raises Malformed."""
        return dict(_parsed(self.query))

    @cached_property
    def parameters(self) -> dict[str, str]:
        """By name; of a GET those of the URL. A repeated name's last value. Raises Malformed."""
        if self.method == "GET":
            return self.options
        if self.is_form:
            return dict(self.fields)
        return _of_json(self.body)


def _parsed(text: str) -> list[tuple[str, str]]:
    try:
        found = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError:
        raise Malformed("It is not UTF-8.") from None
    except ValueError:
        raise Malformed(f"It has more than {MOST_FIELDS} fields.") from None
    return found


def _of_json(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("Its body is neither a form nor JSON.") from None
    if not isinstance(found, dict):
        raise Malformed("Its JSON is no object.")
    return {
        _encodable(name): _encodable(value if isinstance(value, str) else json.dumps(value))
        for name, value in found.items()
    }


def _encodable(text: str) -> str:
    """JSON can spell halves of characters, which neither the database nor a page can hold."""
    return text.encode("utf-8", "replace").decode()


class Said:
    """The parameters of a callback, read with care: blanks cut, NUL out (PostgreSQL's text has none), lengths kept."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters

    def __contains__(self, name: str) -> bool:
        return bool(self.text(name))

    def text(self, name: str, most: int = 500) -> str:
        return self.exact(name).strip()[:most]

    def exact(self, name: str) -> str:
        return self._parameters.get(name, "").replace("\x00", "")

    def whole(self, name: str) -> int | None:
        """None for what is missing or no plausible count of seconds, such as -1."""
        text = self.text(name, 12)
        return int(text) if text.isascii() and text.isdigit() and int(text) <= 31_536_000 else None

    def moment(self, name: str) -> datetime | None:
        """RFC 2822 as in status callbacks, or ISO 8601 as in transcriptions."""
        text = self.text(name, 60)
        for read in (parsedate_to_datetime, datetime.fromisoformat):
            try:
                found = read(text)
            except (ValueError, TypeError, IndexError, OverflowError):
                continue
            return found if found.tzinfo and 2000 <= found.year <= 2200 else None
        return None

    def json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads(self.exact(name) or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) and not any(find_problems(found)) else {}
