"""Positions in a list, as URLs carry them: a list of texts, as JSON in base64. Everything is read strictly: whatever we
would not have written is a ValueError, and never another error further on."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import models

LONGEST = 2_000  # characters; a position is a time or a name, and a key
LARGEST = 2**63 - 1
_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def encode(texts: Sequence[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(texts)).encode()).decode().rstrip("=")


def decode(given: str, length: int) -> list[str]:
    """The texts, `length` of them. Raises ValueError."""
    if len(given) > LONGEST or not _ALPHABET.fullmatch(given):
        raise ValueError
    try:
        texts = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
    except RecursionError:
        raise ValueError from None
    if not isinstance(texts, list) or len(texts) != length or not all(isinstance(text, str) for text in texts):
        raise ValueError
    for text in texts:
        text.encode()  # half a surrogate is no text: UnicodeEncodeError, which is a ValueError
        if "\x00" in text:
            raise ValueError
    return texts


def parse_number(text: str) -> int:
    """A number that a bigint column can hold, and that is not negative. Raises ValueError."""
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST:
        raise ValueError
    return int(text)


def parse_moment(text: str) -> datetime:
    """A time with an offset, from 1970 to 2200. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 1970 < moment.year < 2200:
        raise ValueError
    return moment.astimezone(UTC)


def parse_key(model: type[models.Model], text: str) -> Any:
    """A primary key of the model: a number or a UUID. Raises ValueError."""
    if isinstance(model._meta.pk, models.UUIDField):
        return UUID(text)
    return parse_number(text)
