"""Which fields of a form are never stored, and card numbers inside texts. No Django.

A card number has an issuer's first digits, that issuer's length and a valid check digit, and is written in one piece or
in the groups that cards have. All three must fit: one run of digits in ten passes the check digit alone, phone numbers
and order numbers among them. Sources of the prefixes and lengths: ISO/IEC 7812 and the card schemes' own pages.
"""

from __future__ import annotations

import re

REMOVED = "[card number removed]"

_SECRET_NAME = re.compile(
    r"passw|pwd|\bpw\b|passphrase|passcode|kennwort|contrase[nñ]a|mot de passe|\bsenha\b|\bsecret\b|"
    # Alone or of something: a PIN code is a postal code in India, and a map has pins.
    r"^(?:(?:card|atm|sim|bank|account|user|security|your|my|new|old|confirm) )*pin(?: (?:number|no|nr|confirm\w*))?$|"
    # Names that WordPress and Drupal use; a boarding pass does not match.
    r"^pass ?\d?$|\bpass[12]\b|\b(?:user|login|account|admin|new|old|confirm) ?pass\b|"
    r"\bcc ?(?:num|no|nr|number|code|exp(?:iry|iration)?|csc|cvc|cvv)\b|cvv|cvc|\bcsc\b|security ?code|"
    # Of a credit card, what is on it: not whether somebody has one, nor its kind.
    r"(?:credit|debit) ?cards?(?: (?:number|num|no|nr|code|details|data|info|exp\w*))?$|"
    # Not of a card that is no payment card, such as an insurance card.
    r"(?<!\w )\bcard ?(?:number|num|no|nr|code|pin)\b|\b(?:bank|payment|gift|my|your|the) card ?(?:number|num|no|nr)\b",
    re.IGNORECASE,
)
# What a captcha's widget adds. It says nothing of the person and is worthless a minute later.
# A widget, and somewhere after it what it adds: one expression for both would take the square of a long name's length.
_CAPTCHA_NAMES = [
    (re.compile(widget, re.IGNORECASE), re.compile(added, re.IGNORECASE))
    for widget, added in (("captcha", "response|token|solution"), ("turnstile", "response|token"), ("^altcha$", ""))
]

_GAP = r"[\s.,_/\u2010-\u2014\u2212-]{1,3}"  # also `4111 - 1111`
_BEFORE, _AFTER = r"(?<![\d+])", r"(?!\d)"
_WRITTEN = [
    re.compile(f"{_BEFORE}{digits}{_AFTER}")
    for digits in (
        rf"\d{{4}}(?:{_GAP}\d{{4}}){{3}}(?:{_GAP}\d{{1,3}})?",
        rf"\d{{4}}{_GAP}\d{{6}}{_GAP}\d{{4,5}}",
        rf"\d(?:{_GAP}\d){{12,18}}",
        r"\d{13,19}",
    )
]
# First digits, as a range of numbers of one length, and how many digits such a number has.
_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (4, 4, frozenset({13, 16, 19})),  # Visa
    (51, 55, frozenset({16})),  # Mastercard
    (2221, 2720, frozenset({16})),
    (34, 34, frozenset({15})),  # American Express
    (37, 37, frozenset({15})),
    (6011, 6011, frozenset(range(16, 20))),  # Discover
    (644, 649, frozenset(range(16, 20))),
    (65, 65, frozenset(range(16, 20))),
    (300, 305, frozenset(range(14, 20))),  # Diners Club
    (36, 36, frozenset(range(14, 20))),
    (38, 39, frozenset(range(14, 20))),
    (3528, 3589, frozenset(range(16, 20))),  # JCB
    (62, 62, frozenset(range(16, 20))),  # UnionPay
    (50, 50, frozenset(range(13, 20))),  # Maestro
    (56, 58, frozenset(range(13, 20))),
    (6304, 6304, frozenset(range(13, 20))),
    (6759, 6763, frozenset(range(13, 20))),
)


def is_secret(name: str) -> bool:
    """Whether a field of this name is never stored. `name` in words: `card number` for `cardNumber`, `card_number`."""
    return bool(_SECRET_NAME.search(name)) or any(
        (found := widget.search(name)) and added.search(name, found.end()) for widget, added in _CAPTCHA_NAMES
    )


def mask_cards(text: str) -> str:
    """The text with REMOVED in the place of each card number."""
    for written in _WRITTEN:
        text = written.sub(_mask, text)
    return text


def _mask(found: re.Match[str]) -> str:
    return REMOVED if is_card_number(found[0]) or _is_card_with_code(found[0]) else found[0]


def _is_card_with_code(text: str) -> bool:
    """Whether it is a card number of four groups with one more group of up to three digits, its code, behind them."""
    with_code = re.fullmatch(rf"((?:\d{{4}}{_GAP}){{4}})\d{{1,3}}", text)
    return bool(with_code and is_card_number(with_code[1]))


def is_card_number(text: str) -> bool:
    """`text`: digits, with separators between them."""
    digits = re.sub(r"\D", "", text)
    return any(
        first <= int(digits[: len(str(first))]) <= last and len(digits) in lengths for first, last, lengths in _ISSUERS
    ) and _passes_check(digits)


def _passes_check(digits: str) -> bool:
    """The check digit by the Luhn algorithm."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0
