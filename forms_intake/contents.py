"""Read a form's fields: leave out secrets, and find the person's phone number and email address. No Django."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from calls.phones import normalise_if_number

from .secrets import REMOVED, is_secret, mask_cards

LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def remove_secrets(fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields to store, name → text. Passwords, card data and captcha tokens are left out by their name, fields that
    are a card number by their value; a card number inside a text is masked, and the rest of the text stays."""
    kept = {}
    for name, value in fields.items():
        if not is_secret(_words(name)):
            text = _text(value)
            masked = mask_cards(text)
            if masked.strip() != REMOVED:
                kept[str(name)] = masked
    return kept


def find_contact(fields: Mapping[str, str]) -> tuple[str, str]:
    """(phone in E.164, email in lower case) of whoever filled in the form; blank if not found."""
    phone = email = ""
    for name, value in fields.items():
        words = _words(name)
        # Anything longer is not an address, and the pattern would take ever longer to reject it.
        if not email and len(value) <= LONGEST_EMAIL + 50 and _EMAIL.fullmatch(value.strip()):
            email = value.strip().lower()[:LONGEST_EMAIL]
        elif not phone and re.search(r"phone|\btel\b|mobile|\bcell\b", words, re.IGNORECASE):
            phone = normalise_if_number(value)
    return phone, email


def _words(name: str) -> str:
    """`cardNumber`, `card_number`, `card-number` → `card number`."""
    return re.sub(r"[_\-.\[\]]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", str(name))).strip()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {text}" for name, text in remove_secrets(value).items())
    return str(value)
