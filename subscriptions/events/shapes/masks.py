"""Phone numbers and names of customers, masked. Pure.

A key is known by its name, and a field of a form by the words in its name. What people write or say (notes, texts,
transcripts, links) is not searched.
"""

from __future__ import annotations

import re
from typing import Any

PHONE_NUMBERS, NAMES = "phone_numbers", "names"
KINDS = {PHONE_NUMBERS: "Phone numbers", NAMES: "Names"}

_NUMBER_KEYS = frozenset({"customer_number", "customer_phone_number", "formatted_customer_phone_number", "callernum"})
_NAME_KEYS = frozenset({"customer_name", "formatted_customer_name", "callername"})
# One or the other.
_EITHER_KEY = "formatted_customer_name_or_phone_number"
# Of texts: whose number the customer's is follows from the direction.
_NUMBER_OF_TEXT = {"text_message_sent": "destination_number", "text_message_received": "source_number"}
_DIGITS_SHOWN = 2
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\s]+")
# What a phone number is written with, and at least seven digits of it.
_WRITTEN_NUMBER = re.compile(r"\+?(?:[\s().\-/]*\d){7,18}[\s)]*(?:(?:x|ext\.?)\s*\d{1,6})?", re.I)
_NAMED_NUMBER = re.compile(r"(?:^|[^a-z])(?:phone|telephone|tel|mobile|cell|cellphone|fax|whatsapp|sms)(?:$|[^a-z])")
_NAMED_NAME = re.compile(r"(?:^|[^a-z])(?:name|surname|fname|lname|firstname|lastname|fullname)(?:$|[^a-z])")


def mask_number(text: str) -> str:
    """`+12148654559` → `+*********59`."""
    left = sum(each.isdigit() for each in text) - _DIGITS_SHOWN
    shown = []
    for each in text:
        shown.append("*" if each.isdigit() and left > 0 else each)
        left -= each.isdigit()
    return "".join(shown)


def mask_name(text: str) -> str:
    """`Jane Doe` → `J*** D***`: how long a name is tells something of it, too."""
    return _WORD.sub(lambda word: f"{word[0][0]}***", text)


def mask(body: dict[str, Any], kinds: frozenset[str], event_type: str) -> dict[str, Any]:
    """The body with these kinds of values masked."""
    return {key: _masked(key, value, kinds, event_type) for key, value in body.items()}


def _masked(key: str, value: Any, kinds: frozenset[str], event_type: str) -> Any:
    if key == "form_data" and isinstance(value, dict):
        return {name: _field(name, text, kinds) for name, text in value.items()}
    if not isinstance(value, str) or not value:
        return value
    is_number = key in _NUMBER_KEYS or key == _NUMBER_OF_TEXT.get(event_type)
    is_name = key in _NAME_KEYS
    if key == _EITHER_KEY:
        is_name = bool(_LETTER.search(value))
        is_number = not is_name
    if is_number and PHONE_NUMBERS in kinds:
        return mask_number(value)
    return mask_name(value) if is_name and NAMES in kinds else value


def _field(name: str, value: Any, kinds: frozenset[str]) -> Any:
    """A field of a form: a text, a number, or a list of these."""
    if isinstance(value, list):
        return [_field(name, each, kinds) for each in value]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    text = str(value)
    # yourName, your-name, your_name
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    if PHONE_NUMBERS in kinds and (_WRITTEN_NUMBER.fullmatch(text.strip()) or _NAMED_NUMBER.search(words)):
        return mask_number(text)
    return mask_name(text) if NAMES in kinds and _NAMED_NAME.search(words) else value
