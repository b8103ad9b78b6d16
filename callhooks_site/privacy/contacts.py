"""Find phone numbers and mail addresses in whatever notation somebody wrote them. No Django.

A number is found with and without its country code (only with it where it is short), with or without the 0 of national
notation, with spaces, dots, dashes or brackets between its digits, and in the encodings of URLs and JSON. An address is
found whatever its case."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import phonenumbers

REDACTED = "[erased]"
# Digits of a number that are told from years, amounts and ids without its country code. Some countries' have four.
TELLING = 7
# Between two digits: signs and spaces, as they are or encoded: %20, \u00a0, and PostgreSQL's \302.
_SIGN = r"[^\w,;:\"'{}\[\]<>&=?#|\\%]"
_BETWEEN = rf"(?:{_SIGN}|%[0-9A-Fa-f]{{2}}|\\u[0-9A-Fa-f]{{4}}){{0,4}}"
# No digit before, unless it is the end of an encoded sign.
_BEGINS = r"(?:(?<![0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
_OTHER_COUNTRY = re.compile(r"(?:\+|%2B)[0-9]{1,3}[\s().\-/]{0,3}\Z", re.I)
# The same for PostgreSQL, which only says where to look closely: more than that may match.
_SQL_BETWEEN = r"([^0-9A-Za-z]|%[0-9A-F]{2}|\\+u[0-9A-F]{4}|\\+[0-7]{3}){0,6}"


@dataclass(frozen=True)
class Contacts:
    """`phones` are E.164, `emails` in lower case."""

    phones: tuple[str, ...]
    emails: tuple[str, ...]

    @classmethod
    def of(cls, phones: Iterable[str], emails: Iterable[str]) -> Contacts:
        return cls(tuple(sorted({one for one in phones if one})), tuple(sorted({one.lower() for one in emails if one})))

    @property
    def all(self) -> list[str]:
        return [*self.phones, *self.emails]

    def are_in(self, value: Any) -> bool:
        """Whether one of them is in this text, number, list or object, at whatever depth."""
        return any(self._finds(text) for text in texts_in(value))

    def redact(self, value: Any) -> Any:
        """The same value with `[erased]` in the place of each."""
        if isinstance(value, dict):
            return {self.redact(name): self.redact(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.redact(one) for one in value]
        if isinstance(value, str):
            return self._replace(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and self._finds(str(value)):
            return REDACTED
        return value

    @property
    def sql_pattern(self) -> str:
        """A regular expression of PostgreSQL (for `~*`) that is in every text in which one of them is."""
        phones = [_sql_phone(one) for one in self.phones]
        mails = [re.sub(r"([^\w])", r"\\\1", one).replace(r"\@", "(@|%40)") for one in self.emails]
        return "|".join([*phones, *mails])

    def _finds(self, text: str) -> bool:
        return any(_is_it(found) for found in self._pattern.finditer(text))

    def _replace(self, text: str) -> str:
        return self._pattern.sub(lambda found: REDACTED if _is_it(found) else found[0], text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join([*map(_phone_pattern, self.phones), *map(_mail_pattern, self.emails)]), re.I)


def texts_in(value: Any) -> Iterable[str]:
    """All that is written in a value of JSON, or in bytes."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes | memoryview):
        yield bytes(value).decode(errors="replace")
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from texts_in(name)
            yield from texts_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_in(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _split(phone: str) -> tuple[str, str]:
    """The country code, and the digits after it."""
    number = phonenumbers.parse(phone, None)
    return str(number.country_code), phonenumbers.national_significant_number(number)


def _phone_pattern(phone: str) -> str:
    code, national = _split(phone)
    before = rf"(?P<own{len(phone)}x{phone[1:]}>(?:(?:\+|%2B|00|011){_BETWEEN})?{code}{_BETWEEN})?"
    if len(national) < TELLING:
        before = before.removesuffix("?")
    return rf"{_BEGINS}{before}(?:\(?0\)?{_BETWEEN})?\(?{_BETWEEN.join(national)}(?![0-9])"


def _sql_phone(phone: str) -> str:
    code, national = _split(phone)
    digits = _SQL_BETWEEN.join(national)
    return digits if len(national) >= TELLING else f"{code}{_SQL_BETWEEN}0?{_SQL_BETWEEN}{digits}"


def _mail_pattern(email: str) -> str:
    local, _, domain = email.partition("@")
    begins = r"(?:(?<![\w.+-])|(?<=%[0-9A-Fa-f]{2}))"
    return rf"{begins}{re.escape(local)}(?:@|%40){re.escape(domain)}(?![\w-])(?!\.\w)"


def _is_it(found: re.Match[str]) -> bool:
    """Not where the same digits follow another country's code."""
    if any(found.groupdict().values()) or "@" in found[0] or "%40" in found[0]:
        return True
    return _OTHER_COUNTRY.search(found.string[: found.start()][-8:]) is None
