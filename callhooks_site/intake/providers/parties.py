"""Work out who calls whom from what the provider reports about both ends. No Django."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .addresses import normalise_number
from .fact_merging import Facts
from .talks import legs_in_order

INBOUND = frozenset({"inbound", "trunking-originating"})
# The company's own phones and browsers.
_OWN = ("client:", "sip:", "sips:")
PLACES = ("city", "state", "country")


@dataclass(frozen=True)
class Company:
    """What has to be known of the company to tell its own numbers from its customers'."""

    region: str  # its country: numbers without + are read by it
    is_tracking: Callable[[str], bool]
    is_business: Callable[[str], bool] = lambda number: False  # where its calls are routed to


@dataclass(frozen=True)
class Parties:
    direction: str  # inbound or outbound
    tracking: str  # E.164, or as the provider has it
    customer: str  # E.164, empty when withheld or none
    reported: str  # what the provider has in its place
    name: str
    place: tuple[str, ...]  # the customer's city, state and country
    is_leg: bool = False  # the customer is at the other end of a dialled leg
    business: str = ""  # of an outbound call: the number of the agent, who was called first


def identify_parties(facts: Facts, company: Company) -> Parties | None:
    """None while it is unknown."""
    known = facts.get("parties", {})
    if "direction" not in known or not (known.get("from") or known.get("to")):
        return None
    caller, called = known.get("from", ""), known.get("to", "")
    if known["direction"] not in INBOUND:
        return _find_second_leg(facts, company, caller, called) or _build_outbound(company, caller, called, known)
    if caller.startswith(_OWN) and not company.is_tracking(normalise_number(called, company.region)):
        # Somebody calls out from the company's own phone: the leg says who is called.
        return _find_second_leg(facts, company, "", "")
    customer = normalise_number(caller, company.region)
    place = tuple(known.get(f"from_{name}", "") for name in PLACES)
    tracking = normalise_number(called, company.region) or called
    return Parties("inbound", tracking, customer, caller, known.get("caller_name", ""), place)


def _find_second_leg(facts: Facts, company: Company, caller: str, called: str) -> Parties | None:
    """Click to call: the agent was called first, and the customer is at the other end of the leg that was dialled then.
    None if no leg goes to a customer: where a customer was called first, the leg goes to the company's own people."""
    for _, leg in legs_in_order(facts):
        customer = normalise_number(leg.get("to", ""), company.region)
        if not customer or company.is_tracking(customer) or company.is_business(customer):
            continue
        agent = normalise_number(called, company.region)
        shown = [caller, leg.get("from", "")]  # the number that the agent sees, and the one that the customer sees
        ours = [one for one in shown if company.is_tracking(normalise_number(one, company.region))]
        return _build_outbound(company, (ours or [one for one in shown if one] or [""])[0], leg["to"], leg, agent)
    return None


def _build_outbound(
    company: Company, tracking: str, called: str, known: dict[str, Any], agent: str | None = None
) -> Parties:
    customer = normalise_number(called, company.region)
    if customer and company.is_business(customer):
        customer = ""  # an agent's phone; whom the agent talks to is not known yet
    place = tuple(known.get(f"to_{name}", "") for name in PLACES)
    ours = normalise_number(tracking, company.region) or tracking
    return Parties("outbound", ours, customer, called, "", place, is_leg=agent is not None, business=agent or "")
