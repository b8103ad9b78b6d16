"""Convert what a line says into what the API's fields expect. A value that cannot be converted stays as it is, and the
field then says what is wrong with it."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from calls.api.fields import PhoneNumber, TagNames
from subscriptions.api.kit.fields import (
    AmountField,
    PastDateTimeField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
)

from .amounts import read_amount, read_phone, read_whole_number
from .moments import DateOrder, UnclearDate, read_time
from .words import convert_choice

_YES, _NO = {"true", "yes", "y", "1", "on"}, {"false", "no", "n", "0", "off"}


def convert_text(field: Any, text: str, zone: ZoneInfo, *, cells: bool, dates: DateOrder = "iso") -> Any:
    """The value for this serializer field. `cells`: the text is a cell of a table, and not a JSON string. A time
    without an offset is in `zone`. Raises ValueError, whose message says what to change."""
    if isinstance(field, PastDateTimeField):
        return _convert_time(text.strip(), zone, dates)
    if not cells:
        return text
    european = dates == "eu"
    if isinstance(field, StrictIntegerField):
        return read_whole_number(text, dots_group=european)
    if isinstance(field, AmountField):
        return read_amount(text, dots_group=european)
    if isinstance(field, StrictBooleanField):
        word = text.strip().lower()
        return True if word in _YES else False if word in _NO else text
    if isinstance(field, PhoneNumber):
        return read_phone(text)
    if isinstance(field, StrictChoiceField):
        return convert_choice(text, [str(name) for name in field.choices])
    if isinstance(field, TagNames):
        return [name.strip() for name in text.split(";") if name.strip()]
    if isinstance(field, serializers.ListField):
        return text.split()
    return parse_json(text) if isinstance(field, serializers.JSONField) else text


def is_free_text(field: Any) -> bool:
    """Whether a cell such as `-` may be what somebody wrote."""
    return type(field) in (StrictCharField, serializers.CharField)


def parse_json(text: str) -> Any:
    """The JSON value, or the text itself if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _convert_time(text: str, zone: ZoneInfo, dates: DateOrder) -> str:
    try:
        moment = read_time(text, zone, dates)
    except UnclearDate:
        raise
    except ValueError:  # 30 February, or 25 o'clock: the field says so
        return text
    return moment.isoformat() if moment is not None else text
