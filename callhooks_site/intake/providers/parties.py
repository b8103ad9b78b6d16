"""Who calls whom, out of what the provider says of both ends. No Django."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from calls.phones import normalise_if_number

# What stands in the place of a number that is withheld: words, and the same words dialled on a keypad (ANONYMOUS,
# RESTRICTED, BLOCKED, UNKNOWN twice, UNAVAILABLE).
WITHHELD = frozenset(
    "anonymous restricted blocked unknown unavailable private "
    "+266696687 +7378742833 +2562533 +8656696 +8566696 +86282452253".split()
)
INBOUND = frozenset({"inbound", "trunking-originating"})
# Addresses of people who sit at the company's own phones and browsers.
_OWN = ("client:", "sip:", "sips:")


@dataclass(frozen=True)
class Parties:
    direction: str  # inbound or outbound
    tracking: str  # as the provider has it
    customer: str  # E.164, empty when withheld or none
    name: str
    city: str
    state: str
    country: str


def number(text: str) -> str:
    """E.164; empty for a withheld one, an address that is none (client:, sip:), or a short code."""
    text = text.removeprefix("whatsapp:")
    if text.lower() in WITHHELD or text.removeprefix("+").lower() in WITHHELD or "+" + text in WITHHELD:
        return ""
    return normalise_if_number(text)


def parties(facts: dict[str, Any], *, is_tracking: Callable[[str], bool]) -> Parties | None:
    """None while it is not known. `is_tracking`: whether the company has this tracking number."""
    told = facts.get("parties", {})
    if "direction" not in told or not (told.get("from") or told.get("to")):
        return None
    caller, called = told.get("from", ""), told.get("to", "")
    if told["direction"] not in INBOUND:
        return _outbound(told, tracking=caller, customer=called)
    if caller.startswith(_OWN) and not is_tracking(number(called)):
        # Somebody at the company's own phone calls out: who is called stands in the leg.
        for _, leg in sorted(facts.get("legs", {}).items()):
            if number(leg["to"]):
                return _outbound(told, tracking=leg["from"], customer=leg["to"])
        return None
    return Parties(
        "inbound", number(called) or called, number(caller), told.get("caller_name", ""),
        told.get("from_city", ""), told.get("from_state", ""), told.get("from_country", ""),
    )  # fmt: skip


def _outbound(told: dict[str, str], *, tracking: str, customer: str) -> Parties:
    return Parties(
        "outbound", number(tracking) or tracking, number(customer), "",
        told.get("to_city", ""), told.get("to_state", ""), told.get("to_country", ""),
    )  # fmt: skip
