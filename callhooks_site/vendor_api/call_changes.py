"""What a PUT changes of a call: tags, note, value, lead status, the customer's name, spam."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction

from calls.ingestion.single import update_call
from calls.models import Call
from calls.payloads import values
from calls.selectors import count_earlier
from subscriptions.models import Company

from .errors import BadRequest, NotHere

LONGEST_NOTE, LONGEST_NAME, LONGEST_TAG, MOST_TAGS = 100_000, 200, 100, 100
_MOST_VALUE = Decimal("9999999999.99")
GOOD, NOT = Call.LeadStatus.GOOD.value, Call.LeadStatus.NOT.value


def change_call(company: Company, call: Call, body: Mapping[str, Any]) -> None:
    """What the body does not name stays as it is; null and "" take away."""
    data: dict[str, Any] = {}
    if "note" in body:
        data["note"] = text_of(body["note"], "note", LONGEST_NOTE)
    if "customer_name" in body:
        data["customer_name"] = text_of(body["customer_name"], "customer_name", LONGEST_NAME)
    if "value" in body:
        data["value"] = value_of(body["value"])
    if "lead_status" in body:
        data |= {"lead_status": lead_status_of(body["lead_status"]), "lead_status_by": Call.ScoredBy.PERSON}
    if "spam" in body:
        if body["spam"] not in (True, "true"):
            raise BadRequest("spam can be set to true only.")
        data["spam"] = True
    with transaction.atomic():
        if "tags" in body:
            data["tags"] = tags_of(body, [tag.name for tag in call.tags.all()])
        if data.get("lead_status") == GOOD:
            count_earlier([call])
            if values.lead_status(call) == Call.LeadStatus.PREVIOUSLY:
                raise BadRequest("This caller was marked as a good lead before.")
        try:
            update_call(company=company, resource_id=call.resource_id, data=data)
        except Call.DoesNotExist:
            raise NotHere from None


def text_of(given: Any, name: str, longest: int) -> str:
    text = "" if given is None else given
    if not isinstance(text, str) or len(text) > longest:
        raise BadRequest(f"{name} must be a text of at most {longest:,} characters.")
    return text


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
    if amount is None or not 0 <= amount <= _MOST_VALUE:
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
    if body.get("append_tags") in (True, "true"):
        names = [*present, *names]
    return list(dict.fromkeys(names))
