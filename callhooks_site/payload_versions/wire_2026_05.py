"""The vendor's live webhooks of May 2026, for receivers that were written against them."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter as of
from typing import Any

from django.conf import settings
from django.urls import reverse

from calls.payloads import keys, meanings
from calls.payloads.serializers import (
    CallModifiedPayload,
    CallRoutingCompletePayload,
    PostCallPayload,
    PreCallPayload,
)
from calls.watched_fields import NAMES as WATCHED
from forms_intake.models import FormSubmission
from forms_intake.payloads import FormSubmissionPayload
from messaging import media
from messaging.models import TextMessage
from messaging.payloads import TextPayload, agent_name, person_resource_id
from subscriptions.events.payload_fields import (
    BooleanValue,
    IntegerValue,
    ListValue,
    Payload,
    TextValue,
    format_time,
)
from subscriptions.events.versions import PayloadVersion

NAME = "2026-05"


# --- calls ------------------------------------------------------------------------------------------------------------
def _without_customer_number(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name != "customer_number")


class PreCall(PreCallPayload):
    keys = _without_customer_number(keys.PRE_CALL)


class CallRoutingComplete(CallRoutingCompletePayload):
    keys = _without_customer_number(keys.CALL_ROUTING_COMPLETE)


ADDED = ("call_summary", "lead_score", "lead_explanation", "sentiment", "zip_code", "session_uuid", "person_id")
_AFTER = keys.POST_CALL.index("custom") + 1


class PostCall(PostCallPayload):
    keys = _without_customer_number((*keys.POST_CALL[:_AFTER], *ADDED, *keys.POST_CALL[_AFTER:]))
    meanings = meanings.CALL | {
        "call_summary": "What the call was about, in a few sentences.",
        "lead_score": "How good a lead it is, such as very good.",
        "lead_explanation": "Why it has this lead score.",
        "sentiment": "The customer's mood.",
        "zip_code": "The customer's postal code.",
        "session_uuid": "The customer's visit to the web site.",
        "person_id": "The same as person_resource_id.",
    }

    call_summary = TextValue(of("call_summary"))
    lead_score = TextValue(of("lead_score"))
    lead_explanation = TextValue(of("lead_explanation"))
    sentiment = TextValue(of("sentiment"))
    zip_code = TextValue(of("zip_code"))
    session_uuid = TextValue(of("session_uuid"))
    person_id = TextValue(lambda call: call.person.main.resource_id if call.person else "")


def name_changes(changes: list[str]) -> list[str]:
    """A change of tags has two names."""
    return [each for name in changes for each in (("tag", "tags") if name == "tags" else (name,))]


class CallModified(PostCall):
    appended = {
        "changes": CallModifiedPayload.appended["changes"] | {"items": {"enum": name_changes(list(WATCHED))}},
    }


# --- texts ------------------------------------------------------------------------------------------------------------
def _sent_at(text: TextMessage) -> str:
    return format_time(text.sent_at, text.company.time_zone)


class _Text(TextPayload):
    meanings = TextPayload.meanings | {
        "agent": "Who the conversation is assigned to; absent when it is nobody.",
        "company_id": "The company's number.",
        "person_id": "The same as person_resource_id.",
        "thread_resource_id": "The conversation's id: SMT and 32 hex digits.",
        "sent_at": "When it was sent, with its offset.",
        "received_at": "When it was received, with its offset.",
        "media_urls": "Where its pictures and other media are, https only.",
    }

    company_id = IntegerValue(of("company_id"))
    person_id = TextValue(person_resource_id, allow_null=True)
    thread_resource_id = TextValue(of("thread.resource_id"))
    media_urls = ListValue(media.public_urls)
    sent_at = TextValue(_sent_at)
    received_at = TextValue(_sent_at)


class TextMessageSent(_Text):
    keys = tuple(
        """
        resource_id agent source_number destination_number lead_status conversation_id company_id person_id
        thread_resource_id company_resource_id person_resource_id message_type media_urls content sent_at timestamp
        """.split()
    )
    optional = ("agent",)
    agent = TextValue(agent_name)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        body = super().to_representation(instance)
        if not body["agent"]:
            del body["agent"]
        return body


class TextMessageReceived(_Text):
    keys = tuple(
        """
        resource_id source_number destination_number lead_status conversation_id company_id person_id
        thread_resource_id company_resource_id person_resource_id message_type media_urls content received_at timestamp
        """.split()
    )


# --- forms ------------------------------------------------------------------------------------------------------------
def _text_or_null(name: str) -> TextValue:
    return TextValue(_or_null(name), allow_null=True)


def _or_null(name: str) -> Callable[[Any], str | None]:
    return lambda form: getattr(form, name) or None


def _timeline(form: FormSubmission) -> str:
    return settings.PUBLIC_URL + reverse("form-timeline", args=[form.resource_id])


def _created(form: FormSubmission) -> str:
    return format_time(form.created_at, form.company.time_zone)


class FormSubmitted(FormSubmissionPayload):
    keys = tuple(
        """
        resource_id company_id company_resource_id person_resource_id lead_status form_data url form_url source
        keywords campaign medium landing landing_page_url referrer referrer_url referring_url timeline_url utm_source
        utm_medium utm_campaign submitted_at first_form utma utmb utmc utmv utmz ga session_uuid created_at updated_at
        hidden fcid timestamp
        """.split()
    )
    meanings = FormSubmissionPayload.meanings | {
        "lead_status": "What the form was marked as.",
        "url": "The same as form_url.",
        "landing": "The same as landing_page_url.",
        "referrer_url": "The same as referring_url.",
        "timeline_url": "The form's page in Callhooks.",
        "utma": "The Google Analytics cookie __utma.",
        "utmb": "The Google Analytics cookie __utmb.",
        "utmc": "The Google Analytics cookie __utmc.",
        "utmv": "The Google Analytics cookie __utmv.",
        "utmz": "The Google Analytics cookie __utmz.",
        "ga": "The visitor's id in Google Analytics.",
        "session_uuid": "The visitor's visit to the web site.",
        "created_at": "When the form was recorded here, with its offset.",
        "updated_at": "The same as created_at: a form is sent once, when it is recorded.",
        "hidden": "Always false.",
        "fcid": "The form's id at the web site, if it has one.",
    }

    lead_status = _text_or_null("lead_status")
    url = _text_or_null("form_url")
    landing = _text_or_null("landing_page_url")
    referrer_url = _text_or_null("referring_url")
    timeline_url = TextValue(_timeline)
    utma = _text_or_null("utma")
    utmb = _text_or_null("utmb")
    utmc = _text_or_null("utmc")
    utmv = _text_or_null("utmv")
    utmz = _text_or_null("utmz")
    ga = _text_or_null("ga")
    session_uuid = _text_or_null("session_uuid")
    created_at = TextValue(_created)
    updated_at = TextValue(_created)
    hidden = BooleanValue(lambda form: False)
    fcid = _text_or_null("fcid")


PAYLOADS: dict[str, type[Payload]] = {
    "pre_call": PreCall,
    "call_routing_complete": CallRoutingComplete,
    "post_call": PostCall,
    "call_modified": CallModified,
    "text_message_sent": TextMessageSent,
    "text_message_received": TextMessageReceived,
    "form_submission": FormSubmitted,
}

VERSION = PayloadVersion(
    NAME,
    "2026-05",
    "The vendor's live webhooks of May 2026, for receivers that were written against them.",
    PAYLOADS,
    name_changes,
)
