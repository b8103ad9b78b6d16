"""What a PUT changes of a call: tags, note, value, lead status, the customer's name, spam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from calls.ingestion.single import update_call
from calls.models import Call
from calls.payloads import values
from calls.selectors import count_earlier
from subscriptions.models import Company

from .body_values import GOOD, LONGEST_NAME, LONGEST_NOTE, lead_status_of, tags_of, text_of, value_of
from .errors import BadRequest, NotHere


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
