"""Phone numbers: normalise to E.164 for storage, format for people. No Django.

What has no + is a number of some country. `region` says of which, by its two letters: `Company.region`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

DEFAULT_REGION = "US"  # for numbers that are known to have a +
NORTH_AMERICA = 1
MEXICO = 52
EXAMPLE = "+12145550123"
# How withheld numbers are written: words, and words spelled on a keypad (ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN twice,
# UNAVAILABLE), which look like numbers.
WITHHELD = frozenset(
    "anonymous restricted blocked unknown unavailable private withheld "
    "+266696687 +7378742833 +2562533 +8656696 +8566696 +86282452253".split()
)
_FAULTS = {
    ValidationResult.INVALID_COUNTRY_CODE: "which no country has",
    ValidationResult.TOO_SHORT: "which has too few digits",
    ValidationResult.TOO_LONG: "which has too many digits",
    ValidationResult.INVALID_LENGTH: "which has too few or too many digits",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "which has too few digits: its area code is missing",
}


class BadNumber(ValueError):
    """The text is not a phone number."""


@lru_cache(maxsize=10_000)
def normalise(text: str, *, region: str = DEFAULT_REGION) -> str:
    """`(214) 555-0123` → `+12145550123`; blank stays blank. Raises BadNumber, which says how the text was understood
    and what to change."""
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        raise BadNumber(f"{text!r} is not a phone number. Write it like {_example(region)}.") from None
    _drop_mobile_digit(number)
    # Check "possible", not "valid": the library knows neither numbers assigned after its release nor those reserved for
    # examples. A number without its area code is too short.
    fault = phonenumbers.is_possible_number_with_reason(number)
    if fault != ValidationResult.IS_POSSIBLE:
        understood = f"+{number.country_code} {phonenumbers.national_significant_number(number)}"
        why = _FAULTS.get(fault, "which is no number")
        raise BadNumber(f"{text!r} was read as {understood}, {why}. Write it like {_example(region)}.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _drop_mobile_digit(number: PhoneNumber) -> None:
    """Mexican mobile numbers had a 1 behind +52 until 2019. Networks still write some so; it is the same number."""
    digits = str(number.national_number)
    if number.country_code == MEXICO and len(digits) == 11 and digits.startswith("1"):
        number.national_number = int(digits[1:])


def normalise_if_number(text: str, *, region: str = DEFAULT_REGION) -> str:
    """The normalised number; blank for anything else, such as "Anonymous" or a SIP address."""
    try:
        return normalise(text, region=region)
    except BadNumber:
        return ""


def is_withheld(text: str) -> bool:
    """Whether the text stands for a caller who hides the number."""
    word = text.strip().lower()
    return word in WITHHELD or word.removeprefix("+") in WITHHELD or f"+{word}" in WITHHELD


def normalise_customer(text: str, *, region: str = DEFAULT_REGION) -> str:
    """`normalise` for the number of a customer, which may be withheld: then it is blank."""
    return "" if is_withheld(text) else normalise(text, region=region)


def read_in(text: str, regions: Iterable[str]) -> set[str]:
    """Everything that the text means in these countries: what a search that covers several companies looks for."""
    return {found for region in regions if (found := normalise_if_number(text, region=region))}


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


@lru_cache(maxsize=300)
def _example(region: str) -> str:
    """A number of that country, with its +."""
    if phonenumbers.country_code_for_region(region) in (0, NORTH_AMERICA):
        return EXAMPLE
    example: PhoneNumber | None = phonenumbers.example_number(region)
    return phonenumbers.format_number(example, PhoneNumberFormat.E164) if example else EXAMPLE
