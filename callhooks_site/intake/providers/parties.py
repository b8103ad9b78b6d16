"""Work out who calls whom from what the provider reports about both ends. No Django."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from calls.phones import is_withheld, normalise_if_number

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


def normalise_number(text: str, region: str) -> str:
    """E.164; empty for a withheld number, a client: or sip: address, or a short code. What has no + is a number of the
    country `region`: trunks pass on what was dialled."""
    text = text.removeprefix("whatsapp:")
    return "" if is_withheld(text) else normalise_if_number(text, region=region)


def identify_parties(facts: dict[str, Any], *, is_tracking: Callable[[str], bool], region: str) -> Parties | None:
    """None while it is unknown. `is_tracking` tells whether the company has this tracking number; `region` is its
    country."""

    def e164(text: str) -> str:
        return normalise_number(text, region)

    known = facts.get("parties", {})
    if "direction" not in known or not (known.get("from") or known.get("to")):
        return None
    caller, called = known.get("from", ""), known.get("to", "")
    if known["direction"] not in INBOUND:
        return _build_outbound(known, tracking=e164(caller) or caller, customer=e164(called))
    if caller.startswith(_OWN) and not is_tracking(e164(called)):
        # Somebody calls out from the company's own phone: the leg says who is called.
        for _, leg in sorted(facts.get("legs", {}).items()):
            if e164(leg["to"]):
                return _build_outbound(known, tracking=e164(leg["from"]) or leg["from"], customer=e164(leg["to"]))
        return None
    return Parties(
        "inbound", e164(called) or called, e164(caller), known.get("caller_name", ""),
        known.get("from_city", ""), known.get("from_state", ""), known.get("from_country", ""),
    )  # fmt: skip


def _build_outbound(known: dict[str, str], *, tracking: str, customer: str) -> Parties:
    return Parties(
        "outbound", tracking, customer, "",
        known.get("to_city", ""), known.get("to_state", ""), known.get("to_country", ""),
    )  # fmt: skip
