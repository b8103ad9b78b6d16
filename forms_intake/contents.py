"""Read a form's fields and leave out secrets. No Django."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .secrets import REMOVED, is_secret, mask_cards


def remove_secrets(fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields to store, name → text. Passwords, card data and captcha tokens are left out by their name, fields that
    are a card number by their value; a card number inside a text is masked, and the rest of the text stays."""
    kept = {}
    for name, value in fields.items():
        if not is_secret(words(name)):
            text = _text(value)
            masked = mask_cards(text)
            if masked.strip() != REMOVED:
                kept[str(name)] = masked
    return kept


def words(name: str) -> str:
    """The words of a field's name: `cardNumber`, `card_number`, `card-number` → `card number`."""
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
