"""The body of the form webhook. An absent value is null."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter as of
from typing import Any

from subscriptions.events.payload_fields import BooleanValue, IntegerValue, JsonValue, Payload, TextValue, format_time

from .models import FormSubmission


def _or_null(name: str) -> Callable[[Any], str | None]:
    return lambda form: getattr(form, name) or None


def _submitted(form: FormSubmission) -> str:
    return format_time(form.submitted_at, form.company.time_zone)


class FormSubmissionPayload(Payload):
    meanings = {
        "id": "The submission's number.",
        "company_id": "The company's number.",
        "form_data": "The fields: each name with its text.",
        "form_url": "The page that the form was on.",
        "landing_page_url": "The page of yours that the visitor saw first.",
        "referrer": "The source that referred the visitor, such as google.",
        "submitted_at": "When it was submitted, with its offset.",
        "referring_url": "The page that sent the visitor.",
        "first_form": "Whether it is the first form of this person at this company.",
        "source": "Where the visitor came from.",
        "keywords": "What the visitor had searched for.",
        "campaign": "The campaign that the visitor came from.",
        "medium": "The marketing medium, such as cpc or organic.",
        "utm_source": "utm_source of the landing page.",
        "utm_medium": "utm_medium of the landing page.",
        "utm_campaign": "utm_campaign of the landing page.",
        "resource_id": "The submission's id: FRM and 32 hex digits.",
        "company_resource_id": "The company's id: COM and 32 hex digits.",
        "person_resource_id": "The person's id: PER and 32 hex digits.",
        "timestamp": "The same as submitted_at.",
    }

    id = IntegerValue(of("pk"))
    company_id = IntegerValue(of("company_id"))
    form_data = JsonValue(of("form_data"), schema={"type": "object"})
    form_url = TextValue(_or_null("form_url"), allow_null=True)
    landing_page_url = TextValue(_or_null("landing_page_url"), allow_null=True)
    referrer = TextValue(_or_null("referrer"), allow_null=True)
    submitted_at = TextValue(_submitted)
    referring_url = TextValue(_or_null("referring_url"), allow_null=True)
    first_form = BooleanValue(lambda form: not form.has_earlier)
    source = TextValue(_or_null("source"), allow_null=True)  # type: ignore[assignment]
    keywords = TextValue(_or_null("keywords"), allow_null=True)
    campaign = TextValue(_or_null("campaign"), allow_null=True)
    medium = TextValue(_or_null("medium"), allow_null=True)
    utm_source = TextValue(_or_null("utm_source"), allow_null=True)
    utm_medium = TextValue(_or_null("utm_medium"), allow_null=True)
    utm_campaign = TextValue(_or_null("utm_campaign"), allow_null=True)
    resource_id = TextValue(of("resource_id"))
    company_resource_id = TextValue(of("company.resource_id"))
    person_resource_id = TextValue(lambda form: form.person.main.resource_id if form.person else None, allow_null=True)
    timestamp = TextValue(_submitted)
