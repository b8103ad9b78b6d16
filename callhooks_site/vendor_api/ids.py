"""Identifiers as the vendor writes them: three letters and 32 hex digits, or a number in older clients."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q

ACCOUNT, COMPANY, USER = "ACC", "COM", "USR"
# The web pages of the vendor show an account as a nine-digit number.
FIRST_ACCOUNT_NUMBER = 100_000_000
LARGEST_KEY = 2**63 - 1
_MASKED = re.compile(r"[A-Z]{3}[0-9a-f]{32}")


def account_id(company: Any) -> str:
    """A company's account has the digits of the company."""
    return f"{ACCOUNT}{company.resource_id[3:]}"


def account_number(company: Any) -> int:
    return FIRST_ACCOUNT_NUMBER + int(company.pk)


def account_query(text: str) -> Q | None:
    """Finds the company of an account; None for what is no account's id."""
    if text.startswith(ACCOUNT):
        return Q(resource_id=COMPANY + text[3:]) if _MASKED.fullmatch(text) else None
    number = _number(text)
    return Q(pk=number - FIRST_ACCOUNT_NUMBER) if number is not None and number > FIRST_ACCOUNT_NUMBER else None


def row_query(text: str, prefix: str) -> Q | None:
    """Finds a row by `CAL…` or by its number; None for what is neither."""
    if text.startswith(prefix):
        return Q(resource_id=text) if _MASKED.fullmatch(text) else None
    number = _number(text)
    return Q(pk=number) if number is not None else None


def user_id(pk: int) -> str:
    return f"{USER}{pk:032x}"


def user_key(text: str) -> int | None:
    if text.startswith(USER):
        number = int(text[3:], 16) if _MASKED.fullmatch(text) else None
        return number if number is not None and number <= LARGEST_KEY else None
    return _number(text)


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None
