"""Read numbers, lengths of time, money and phone numbers as spreadsheets write them. No Django.

A text that is none of these comes back as it is: the field then says what is wrong with it."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_THOUSANDS = re.compile(r"\d{1,3}(?:[,'\u2019 \u00a0\u202f]\d{3})+")
_DOT_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d\d)(?:\.\d+)?")
_UNITS = re.compile(
    r"(?:(\d{1,4}) ?(?:h|hr|hrs|hours?))?[ ,]*(?:(\d{1,5}) ?(?:m|min|mins|minutes?))?[ ,]*"
    r"(?:(\d{1,7})(?:\.\d+)? ?(?:s|sec|secs|seconds?))?",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"(?:US|CA|AU|NZ)?\s?[$€£₹¥]|\b(?:USD|EUR|GBP|CAD|AUD|NZD|INR|MXN|CHF)\b", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"\+?\d(?:[.,]\d+)?e\+?\d{1,2}", re.IGNORECASE)


class CutNumber(ValueError):
    """A spreadsheet rounded the number: its last digits are gone."""


def read_whole_number(text: str, *, dots_group: bool = False) -> int | str:
    """`1,234`, `1234.0`; with `dots_group` also `1.234`. A length of time becomes seconds: `00:02:59`, `2m 59s`."""
    given = text.strip()
    if re.fullmatch(r"\d{1,12}(?:[.,]0+)?", given):
        return int(re.split("[.,]", given)[0])
    if _THOUSANDS.fullmatch(given) or (dots_group and _DOT_THOUSANDS.fullmatch(given)):
        return int(re.sub(r"\D", "", given))
    parts = None
    if clock := _CLOCK.fullmatch(given):
        parts = clock.groups()
    elif given and (units := _UNITS.fullmatch(given)):
        parts = units.groups()
    if parts is None:
        return text
    hours, minutes, seconds = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds


def read_amount(text: str, *, dots_group: bool = False) -> str:
    """`$1,234.50`, `1.234,50 €`, `1 234,50` → `1234.50`."""
    given = re.sub(r"[\s\u00a0\u202f'\u2019]", "", _CURRENCY.sub("", text))
    if not re.fullmatch(r"-?\d[\d.,]*", given):
        return text
    comma, dot = given.rfind(","), given.rfind(".")
    if comma >= 0 and dot >= 0:
        decimal = "," if comma > dot else "."
    elif comma >= 0:
        decimal = "," if re.fullmatch(r"-?\d+,\d{1,2}", given) else ""
    else:
        decimal = "" if dots_group and _DOT_THOUSANDS.fullmatch(given.removeprefix("-")) else "."
    grouping = {",": ".", ".": ",", "": ",."}[decimal]
    plain = given.translate({ord(mark): None for mark in grouping}).replace(",", ".")
    try:
        return str(Decimal(plain))
    except InvalidOperation:
        return text


def read_phone(text: str) -> str:
    """A phone number that a spreadsheet took for a number: `12145550123.0`, `'2145550123`, `1.2145550123E+10`. Raises
    CutNumber."""
    given = text.strip().removeprefix("'").removeprefix("=").strip('"')
    if re.fullmatch(r"\+?\d{5,15}\.0+", given):
        return given.partition(".")[0]
    if _SCIENTIFIC.fullmatch(given):
        mantissa, _, exponent = given.lower().replace(",", ".").partition("e")
        digits = len(mantissa.removeprefix("+").replace(".", ""))
        if digits <= int(exponent):
            raise CutNumber(
                f"A spreadsheet rounded this number to {text.strip()}; its last digits are gone. Format the column as "
                "text and save the file again."
            )
        return f"{Decimal(mantissa + 'e' + exponent):f}"
    return given if given != text.strip() else text
