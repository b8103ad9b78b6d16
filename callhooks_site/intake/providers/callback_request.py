"""A provider's callback: what was signed, and its parameters. No Django."""

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

MOST_FIELDS = 400  # Twilio sends about forty; for a text with ten pictures sixty
FORM = "application/x-www-form-urlencoded"


class Malformed(ValueError):
    """The message tells a person what is wrong with the callback."""


@dataclass(frozen=True)
class CallbackRequest:
    """The signed parts of a request, and when it arrived."""

    method: str
    query: str  # as it is in the URL
    content_type: str
    body: bytes
    received_at: datetime

    @property
    def is_form(self) -> bool:
        return self.content_type.partition(";")[0].strip().lower() in (FORM, "")

    @cached_property
    def fields(self) -> list[tuple[str, str]]:
        """The fields of a form body; empty for another body. Raises Malformed."""
        return _parse_query(self.body.decode("ascii", "replace")) if self.is_form else []

    @cached_property
    def options(self) -> dict[str, str]:
        """The URL's query: our own options, set by whoever pasted the URL at the provider. Raises Malformed."""
        return dict(_parse_query(self.query))

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The provider's parameters by name: from the URL of a GET, else from the body. The last value of a repeated
        name wins. Raises Malformed."""
        if self.method == "GET":
            return self.options
        if self.is_form:
            return dict(self.fields)
        return _parse_json(self.body)


def _parse_query(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError:
        raise Malformed("It is not UTF-8.") from None
    except ValueError:
        raise Malformed(f"It has more than {MOST_FIELDS} fields.") from None


def _parse_json(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("Its body is neither a form nor JSON.") from None
    if not isinstance(found, dict):
        raise Malformed("Its JSON is not an object.")
    return {
        _replace_surrogates(name): _replace_surrogates(value if isinstance(value, str) else json.dumps(value))
        for name, value in found.items()
    }


def _replace_surrogates(text: str) -> str:
    """JSON can spell lone surrogates, which neither the database nor a page can hold."""
    return text.encode("utf-8", "replace").decode()


class CallbackParams:
    """The parameters of a callback, read defensively: NUL removed (PostgreSQL cannot store it), lengths bounded."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters

    def __contains__(self, name: str) -> bool:
        """Whether it is there and not blank."""
        return bool(self.text(name))

    def text(self, name: str, most: int = 500) -> str:
        """Stripped, and cut after `most` characters; empty if missing."""
        return self.exact_text(name).strip()[:most]

    def exact_text(self, name: str) -> str:
        """With its spaces, and whole; empty if missing."""
        return self._parameters.get(name, "").replace("\x00", "")

    def seconds(self, name: str) -> int | None:
        """A count of seconds (or of anything up to a year of them); None if missing or implausible, such as -1."""
        text = self.text(name, 12)
        return int(text) if text.isascii() and text.isdigit() and int(text) <= 31_536_000 else None

    def time(self, name: str) -> datetime | None:
        """RFC 2822, as in status callbacks, or ISO 8601, as in transcriptions."""
        text = self.text(name, 60)
        for parse in (parsedate_to_datetime, datetime.fromisoformat):
            try:
                found = parse(text)
            except (ValueError, TypeError, IndexError, OverflowError):
                continue
            return found if found.tzinfo and 2000 <= found.year <= 2200 else None
        return None

    def json_object(self, name: str) -> dict[str, Any]:
        """A JSON object that PostgreSQL can store; empty if it is missing or something else."""
        try:
            found = json.loads(self.exact_text(name) or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) and not any(find_problems(found)) else {}
