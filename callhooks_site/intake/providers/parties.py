"""Work out who calls whom from what the provider reports about both ends. No Django."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from calls.phones import normalise_if_number

# How providers write a withheld number: words, and the same words spelled on a keypad (ANONYMOUS, RESTRICTED, BLOCKED,
# UNKNOWN twice, UNAVAILABLE).
WITHHELD = frozenset(
    "anonymous restricted blocked unknown unavailable private "
    "+266696687 +7378742833 +2562533 +8656696 +8566696 +86282452253".split()
)
INBOUND = frozenset({"inbound", "trunking-originating"})
# The company's own phones and browsers.
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


def normalise_number(text: str) -> str:
    """E.164; empty for a withheld number, a client: or sip: address, or a short code."""
    text = text.removeprefix("whatsapp:")
    if text.lower() in WITHHELD or text.removeprefix("+").lower() in WITHHELD or "+" + text in WITHHELD:
        return ""
    return normalise_if_number(text)


def identify_parties(facts: dict[str, Any], *, is_tracking: Callable[[str], bool]) -> Parties | None:
    """None while it is unknown. `is_tracking` tells whether the company has this tracking number."""
    known = facts.get("parties", {})
    if "direction" not in known or not (known.get("from") or known.get("to")):
        return None
    caller, called = known.get("from", ""), known.get("to", "")
    if known["direction"] not in INBOUND:
        return _build_outbound(known, tracking=caller, customer=called)
    if caller.startswith(_OWN) and not is_tracking(normalise_number(called)):
        # Somebody calls out from the company's own phone: the leg says who is called.
        for _, leg in sorted(facts.get("legs", {}).items()):
            if normalise_number(leg["to"]):
                return _build_outbound(known, tracking=leg["from"], customer=leg["to"])
        return None
    return Parties(
        "inbound", normalise_number(called) or called, normalise_number(caller), known.get("caller_name", ""),
        known.get("from_city", ""), known.get("from_state", ""), known.get("from_country", ""),
    )  # fmt: skip


def _build_outbound(known: dict[str, str], *, tracking: str, customer: str) -> Parties:
    return Parties(
        "outbound", normalise_number(tracking) or tracking, normalise_number(customer), "",
        known.get("to_city", ""), known.get("to_state", ""), known.get("to_country", ""),
    )  # fmt: skip
