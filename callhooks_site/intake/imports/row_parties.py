"""Who called whom, out of a row's From and To. No Django."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from calls.phones import is_withheld

from .amounts import read_phone
from .call_results import INBOUND, OUTBOUND, LeftOut
from .words import convert_choice

_LONGEST_EXTENSION = 6  # digits; every public number has more
_LONGEST = 500  # characters of a name with its number; expressions take ever longer to find nothing in more
_FROM_OUTSIDE = re.compile(r"from-(trunk|pstn|did|sip-external)|incoming|inbound|line|external", re.IGNORECASE)


def find_parties(
    values: Mapping[str, Any],
    helpers: Mapping[str, str],
    constants: Mapping[str, str],
    is_tracking: Callable[[str], bool],
) -> dict[str, str]:
    """The direction, the tracking number, the customer's number and name, as far as From and To say them and nothing
    else does. `is_tracking` takes a number as it is written. Raises LeftOut for a call inside the company."""
    caller, called = helpers.get("from_number", ""), helpers.get("to_number", "")
    if not caller and not called:
        return {}
    given = str(values.get("direction") or "")
    direction = convert_choice(given, [INBOUND, OUTBOUND]) if given else ""
    found: dict[str, str] = {}
    if not direction:
        direction = _guess_direction(caller, called, helpers, is_tracking) or constants.get("direction", "")
        found["direction"] = direction or INBOUND
    ours, theirs = (caller, called) if direction == OUTBOUND else (called, caller)
    ours = helpers.get("did_number") or ours
    if "tracking_phone_number" not in values and "tracking_phone_number" not in constants:
        found["tracking_phone_number"] = number_in(ours) or ours
    if "customer_phone_number" not in values and (number := number_in(theirs)):
        found["customer_phone_number"] = number
    if "customer_name" not in values and (name := _name_in(theirs)):
        found["customer_name"] = name
    return found


def number_in(text: str) -> str:
    """The number of `Ann Lee (+12145550123)` or `"Ann" <2145550123>`; empty for `Ext.100`, `Anonymous` and the like."""
    if len(text) > _LONGEST:
        return ""
    for part in [*re.findall(r"[(<]([^()<>]*)[)>]", text), text]:
        number = re.sub(r"^(tel|sip|whatsapp):", "", part.strip()).partition("@")[0]
        number = read_phone(re.sub(r"\s*(x|ext\.?)\s*\d{1,6}$", "", number, flags=re.IGNORECASE))
        digits = re.sub(r"\D", "", number)
        if is_withheld(number):
            return ""
        if len(digits) > _LONGEST_EXTENSION and not re.search(r"[a-z]", number, re.IGNORECASE):
            return number
    return ""


def _name_in(text: str) -> str:
    match = re.match(r"\"?([^\"<(]*[^\"<(\s])\"?\s*[(<]", text)
    return match[1].strip() if match and re.search(r"[^\W\d]", match[1]) else ""


def _guess_direction(caller: str, called: str, helpers: Mapping[str, str], is_tracking: Callable[[str], bool]) -> str:
    """Empty if nothing says it."""
    if helpers.get("did_number"):
        return INBOUND
    outside = [number_in(caller), number_in(called)]
    if not any(outside):
        if _FROM_OUTSIDE.match(helpers.get("context", "")):
            return INBOUND
        raise LeftOut("a call inside the company")
    from_ours, to_ours = (bool(number) and is_tracking(number) for number in outside)
    if from_ours != to_ours:
        return OUTBOUND if from_ours else INBOUND
    if "context" in helpers:
        return INBOUND if _FROM_OUTSIDE.match(helpers["context"]) else OUTBOUND
    if not all(outside):
        return INBOUND if outside[0] else OUTBOUND
    return ""
