"""Phone numbers: normalise to E.164 for storage, format for people. No Django."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

DEFAULT_REGION = "US"  # for numbers without a leading +
NORTH_AMERICA = 1


class BadNumber(ValueError):
    """The text is not a phone number."""


@lru_cache(maxsize=10_000)
def normalise(text: str, *, region: str = DEFAULT_REGION) -> str:
    """`(214) 555-0123` → `+12145550123`; blank stays blank. Raises BadNumber, which says what to change."""
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        raise BadNumber(f"{text!r} is not a phone number. Write it like +12145550123.") from None
    # Check "possible", not "valid": the library knows neither numbers assigned after its release nor those reserved for
    # examples. A number without its area code is too short.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise BadNumber(f"{text!r} has too few or too many digits. Write it like +12145550123.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def normalise_if_number(text: str) -> str:
    """The normalised number; blank for anything else, such as "Anonymous" or a SIP address."""
    try:
        return normalise(text)
    except BadNumber:
        return ""


@lru_cache(maxsize=10_000)
def formatted(e164: str) -> str:
    """`+12145550123` → `214-555-0123`; other countries in their international format; blank stays blank."""
    if not e164:
        return ""
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return e164
    digits = str(number.national_number)
    if number.country_code == NORTH_AMERICA and len(digits) == 10:
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def dashed(e164: str) -> str:
    """The format of text webhooks: `214-555-0123` for +1 numbers, E.164 for others."""
    return formatted(e164) if e164.startswith("+1") and len(e164) == 12 else e164
