"""Read a form's fields: drop secrets, and find the person's phone number and email address. No Django."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from calls.phones import normalise_if_number

_SECRET_NAME = re.compile(
    r"passw|pwd|passphrase|passcode|kennwort|contrase[nñ]a|mot de passe|\bsenha\b|\bpin\b|secret|"
    # Names that WordPress and Drupal use; a boarding pass does not match.
    r"^pass ?\d?$|\bpass[12]\b|\b(?:user|login|account|admin|new|old|confirm) ?pass\b|"
    r"card.?(num|no|code)|cc.?(num|no|code|exp|csc|cvc|cvv)|creditcard|credit.card|cvv|cvc|\bcsc\b|security.?code",
    re.IGNORECASE,
)
_GAP = r"[\s.–/-]"
# 13 to 19 digits with any separators; and, for a card number next to other digits (its date or code), the usual groups.
_CARDS = [
    re.compile(rf"(?<!\d)(?=({digits})(?!\d))")
    for digits in (
        rf"\d(?:{_GAP}?\d){{12,18}}",
        r"\d{13,19}",
        rf"\d{{4}}(?:{_GAP}\d{{4}}){{3}}",
        rf"\d{{4}}(?:{_GAP}\d{{4}}){{3}}{_GAP}\d{{3}}",
        rf"\d{{4}}{_GAP}\d{{6}}{_GAP}\d{{5}}",
        rf"\d{{4}}{_GAP}\d{{6}}{_GAP}\d{{4}}",
    )
]
# A phone number can pass the card check. A card has no + in front; a phone number has at most 15 digits.
_PHONE = re.compile(rf"\+\d(?:{_GAP}?\d){{6,14}}(?!{_GAP}?\d)")
LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def remove_secrets(fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields to store, name → text, without those that look like passwords or card numbers."""
    kept = {}
    for name, value in fields.items():
        text = _text(value)
        if not _SECRET_NAME.search(_words(name)) and not contains_card_number(text):
            kept[str(name)] = text
    return kept


def contains_card_number(text: str) -> bool:
    text = _PHONE.sub("+", text)
    return any(_luhn(re.sub(r"\D", "", found)) for card in _CARDS for found in card.findall(text))


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


def _luhn(digits: str) -> bool:
    if len(set(digits)) == 1:
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0
