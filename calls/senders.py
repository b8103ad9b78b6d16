"""Who sends and gets texts: phone numbers, and what has none. No Django.

A short code, an alphanumeric sender (`ACME`) and an account of another channel (`rcs:brand`, `messenger:1000…`) send
and get texts as well. They are kept as they are written, and stand for no person."""

from __future__ import annotations

import re

from .phones import DEFAULT_REGION, BadNumber, is_withheld, normalise

# Channels whose users are known by their phone numbers: `whatsapp:+12145550123` is +12145550123.
CHANNELS_BY_NUMBER = frozenset({"whatsapp", "rcs", "tel"})
LONGEST_SENDER = 100

_SHORT_CODE = re.compile(r"\d{3,6}", re.ASCII)
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}", re.ASCII)
_ACCOUNT = re.compile(r"[a-z]{2,20}:\S{1,79}", re.ASCII)


def read_sender(text: str, *, region: str = DEFAULT_REGION) -> str:
    """E.164 for a phone number, the text itself for another sender; blank stays blank. Raises BadNumber."""
    text = text.strip()
    scheme, _, rest = text.partition(":")
    if scheme in CHANNELS_BY_NUMBER and rest.startswith("+"):
        return normalise(rest, region=region)
    if is_withheld(text):
        raise BadNumber(f"{text!r} stands for a withheld number, and nobody can text with one.")
    if any(form.fullmatch(text) for form in (_SHORT_CODE, _ALPHANUMERIC, _ACCOUNT)):
        return text
    return normalise(text, region=region)


def is_number(sender: str) -> bool:
    """Whether a sender as `read_sender` leaves it is a phone number."""
    return sender.startswith("+")
