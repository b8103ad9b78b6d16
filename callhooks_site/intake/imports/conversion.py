"""Convert what a line says into what the API's fields expect. A value that cannot be converted stays as it is, and the
field then says what is wrong with it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from calls.api.fields import TagNames
from subscriptions.api.kit.fields import PastDateTimeField, StrictBooleanField, StrictIntegerField

_YES, _NO = {"true", "yes", "y", "1", "on"}, {"false", "no", "n", "0", "off"}
_WITHOUT_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")


def convert_text(field: Any, text: str, zone: ZoneInfo, *, cells: bool) -> Any:
    """The value for this serializer field. `cells`: the text is a CSV cell, and not a JSON string. A time without an
    offset is in `zone`."""
    if isinstance(field, PastDateTimeField):
        return _add_offset(text.strip(), zone)
    if not cells:
        return text
    if isinstance(field, StrictIntegerField):
        return int(text) if re.fullmatch(r"\s*\d{1,12}\s*", text) else text
    if isinstance(field, StrictBooleanField):
        word = text.strip().lower()
        return True if word in _YES else False if word in _NO else text
    if isinstance(field, TagNames):
        return [name.strip() for name in text.split(";") if name.strip()]
    if isinstance(field, serializers.ListField):
        return text.split()
    return parse_json(text) if isinstance(field, serializers.JSONField) else text


def parse_json(text: str) -> Any:
    """The JSON value, or the text itself if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _add_offset(text: str, zone: ZoneInfo) -> str:
    if not _WITHOUT_OFFSET.fullmatch(text):
        return text
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except ValueError:
        return text
