"""What a form says: fields that must not be kept are dropped, and the person's phone and mail are found. No Django."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from calls.phones import normalise_if_number

_SECRET_NAME = re.compile(
    r"passw|passwd|pwd|passphrase|passcode|\bpin\b|secret|"
    r"card.?(num|no|code)|cc.?(num|no|code|exp|csc|cvc|cvv)|creditcard|credit.card|cvv|cvc|\bcsc\b|security.?code",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def kept_fields(fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields to store, name → text, without those that look like passwords or card numbers."""
    kept = {}
    for name, value in fields.items():
        text = _text(value)
        if not _SECRET_NAME.search(_words(name)) and not holds_card_number(text):
            kept[str(name)] = text
    return kept


def holds_card_number(text: str) -> bool:
    return any(_luhn(re.sub(r"\D", "", found)) for found in _CARD.findall(text))


def contact(fields: Mapping[str, str]) -> tuple[str, str]:
    """(phone in E.164, mail in lower case) of whoever filled the form in; blank where not found."""
    phone = email = ""
    for name, value in fields.items():
        words = _words(name)
        if not email and _EMAIL.fullmatch(value.strip()):
            email = value.strip().lower()[:254]
        elif not phone and re.search(r"phone|\btel\b|mobile|\bcell\b", words, re.IGNORECASE):
            phone = normalise_if_number(value)
    return phone, email


def _words(name: str) -> str:
    """`cardNumber`, `card_number`, `card-number` → `card number`."""
    return re.sub(r"[_\-.\[\]]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", str(name)))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return str(value)


def _luhn(digits: str) -> bool:
    if len(set(digits)) == 1:
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0
