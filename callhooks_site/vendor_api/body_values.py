"""Values of bodies that calls, forms and text threads share: text, money, lead status, tags."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from calls.models import Call

from .errors import BadRequest

LONGEST_NOTE, LONGEST_NAME, LONGEST_TAG, MOST_TAGS = 100_000, 200, 100, 100
_MOST_VALUE = Decimal("9999999999.99")
GOOD, NOT = Call.LeadStatus.GOOD.value, Call.LeadStatus.NOT.value


def text_of(given: Any, name: str, longest: int) -> str:
    text = "" if given is None else given
    if not isinstance(text, str) or len(text) > longest:
        raise BadRequest(f"{name} must be a text of at most {longest:,} characters.")
    return text


def is_one_of(given: Any, known: Container[str]) -> bool:
    """Of any JSON value: a list in a set or dict would be an error of ours, not of who sent it."""
    return isinstance(given, str) and given in known


def lead_status_of(given: Any) -> str:
    if given in (None, ""):
        return ""
    if given not in (GOOD, NOT):
        raise BadRequest("lead_status must be good_lead, not_a_lead or null.")
    return str(given)


def value_of(given: Any) -> Decimal | None:
    """`"$1,000.00"`, `"1.00"` and `1` are amounts."""
    if given is None or given == "":
        return None
    text = re.sub(r"[$,\s]", "", str(given))
    try:
        amount = Decimal(text).quantize(Decimal("0.01")) if not isinstance(given, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount <= _MOST_VALUE:
        raise BadRequest('value must be an amount such as "125.00".')
    return amount


def tags_of(body: Mapping[str, Any], present: list[str]) -> list[str]:
    """The names of all tags afterwards."""
    given = body["tags"]
    if given in (None, ""):
        given = []
    if isinstance(given, str):
        given = given.split(",")
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise BadRequest("tags must be a list of names.")
    names = [name.strip() for name in given if name.strip()]
    if len(names) > MOST_TAGS or any(len(name) > LONGEST_TAG for name in names):
        raise BadRequest(f"tags: at most {MOST_TAGS} names of at most {LONGEST_TAG} characters.")
    append = body.get("append_tags")
    if append not in (True, False, "true", "false", None, ""):
        raise BadRequest("append_tags must be true or false.")
    if append in (True, "true"):
        names = [*present, *names]
    return list(dict.fromkeys(names))
