"""The fields of a call, default and selectable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from calls.call_states import FORMATTED_TYPES, call_type, seconds
from calls.payloads import values
from calls.phones import formatted

from .shapes import (
    ANY,
    FLAG,
    LIST,
    NUMBER_OR_NULL,
    OBJECT,
    OBJECT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    WHOLE,
    WHOLE_OR_NULL,
    Context,
    Field,
    Shape,
    always,
    amount,
    local,
    of,
)  # fmt: skip

NOT_AVAILABLE = "(Not Available)"
# Fields that need the person's earlier calls.
OF_EARLIER_CALLS = {"first_call", "prior_calls", "total_calls", "good_lead_call_id", "good_lead_call_time",
                    "lead_status"}  # fmt: skip
# Columns that are read only where a field shows them: a transcript can be long.
LARGE = {
    "transcription_text": "transcription",
    "conversational_transcript": "conversational_transcript",
    "waveforms": "waveforms",
    "milestones": "milestones",
    "keywords_spotted": "keywords_spotted",
    "call_highlights": "call_highlights",
    "call_summary": "call_summary",
    "lead_explanation": "lead_explanation",
    "speaker_percent": "speaker_percent",
    "keypad_entries": "keypad_entries",
}


def _duration(call: Any, context: Context) -> int | None:
    return seconds(call) if call.ended_at or call.duration is not None else None


def _type(call: Any) -> str:
    """One that still rings is in progress here: the webhooks say `missed` of it, as their contract has it."""
    known = call_type(call)
    return "in_progress" if known == "missed" and call.ended_at is None else known


def _milestones(call: Any) -> dict[str, Any]:
    """All four; nothing is known of those that the webhooks leave out."""
    known = values.milestones(call)
    return {name: known.get(name) or values.unknown_milestone() for name in values.MILESTONES}


def _recording(call: Any, context: Context) -> str | None:
    return f"{context.base}/calls/{call.resource_id}/recording.json" if call.recording_url else None


def _recording_duration(call: Any, context: Context) -> str | None:
    return str(call.recording_duration) if call.recording_duration is not None else None


def _of_call(get: Callable[[Any], Any]) -> Callable[[Any, Context], Any]:
    """A value of the webhooks; their empty text is null here."""
    return lambda call, context: None if (value := get(call)) == "" else value


def _selectable(schema: dict[str, Any], get: Callable[[Any], Any]) -> Field:
    return Field(schema, _of_call(get), selectable=True)


def _text(name: str) -> Field:
    return of(name, TEXT_OR_NULL, selectable=True)


def _number(get: Callable[[Any], str]) -> Field:
    return _selectable(TEXT, lambda call: formatted(get(call)) or NOT_AVAILABLE)


SHAPE = Shape(
    {
        "answered": Field(FLAG, lambda call, context: call.answered),
        "business_phone_number": of("business_phone_number", TEXT_OR_NULL),
        "customer_city": of("customer_city", TEXT_OR_NULL),
        "customer_country": of("customer_country", TEXT_OR_NULL),
        "customer_name": of("customer_name", TEXT_OR_NULL),
        "customer_phone_number": of("customer_phone_number", TEXT_OR_NULL),
        "customer_state": of("customer_state", TEXT_OR_NULL),
        "direction": of("direction", {"enum": ["inbound", "outbound"]}),
        "duration": Field(WHOLE_OR_NULL, _duration),
        "id": of("resource_id", TEXT),
        "recording": Field(TEXT_OR_NULL, _recording),
        "recording_duration": Field(TEXT_OR_NULL, _recording_duration),
        "recording_player": Field(TEXT_OR_NULL, _of_call(lambda call: values.recording_page(call, "recording-player"))),
        "start_time": Field(TEXT, lambda call, context: local(call.start_time, context)),
        "tracking_phone_number": of("tracker.phone_number", TEXT),
        "voicemail": Field(FLAG, lambda call, context: call.voicemail),
        # From here on only where `fields` names them.
        "agent_email": _text("agent_email"),
        "call_highlights": _selectable(LIST, lambda call: call.call_highlights or []),
        "call_summary": _text("call_summary"),
        "call_type": _selectable({"enum": list(FORMATTED_TYPES)}, _type),
        "campaign": _text("campaign"),
        "company_id": _text("company.resource_id"),
        "company_name": _text("company.name"),
        "company_time_zone": _text("company.time_zone"),
        "conversational_transcript": _selectable(LIST, values.transcript),
        "created_at": Field(TEXT, lambda call, context: local(call.created_at, context), selectable=True),
        "custom": _selectable(ANY, lambda call: call.custom or {}),
        "device_type": _text("device_type"),
        "fbclid": _text("fbclid"),
        "first_call": _selectable(FLAG, lambda call: call.prior_calls == 0),
        "formatted_business_phone_number": _number(lambda call: call.business_phone_number),
        "formatted_call_type": _selectable(TEXT, lambda call: FORMATTED_TYPES[_type(call)]),
        "formatted_customer_location": _selectable(TEXT_OR_NULL, values.location),
        "formatted_customer_name": _text("customer_name"),
        "formatted_customer_name_or_phone_number": _selectable(
            TEXT, lambda call: call.customer_name or formatted(call.customer_phone_number) or NOT_AVAILABLE
        ),
        "formatted_customer_phone_number": _number(lambda call: call.customer_phone_number),
        "formatted_duration": _selectable(TEXT, values.duration_in_words),
        "formatted_tracking_phone_number": _number(lambda call: call.tracker.phone_number),
        "formatted_tracking_source": _selectable(TEXT_OR_NULL, values.source_in_words),
        "formatted_value": _selectable(TEXT, lambda call: "--" if call.value is None else f"${call.value:.2f}"),
        "ga": _text("ga"),
        "gclid": _text("gclid"),
        "good_lead_call_id": _selectable(WHOLE_OR_NULL, lambda call: call.good_lead_call_id),
        "good_lead_call_time": Field(
            TEXT_OR_NULL, lambda call, context: local(call.good_lead_call_time, context), selectable=True
        ),
        "integration_data": always([], LIST, selectable=True),
        "keypad_entries": _selectable(ANY, lambda call: call.keypad_entries),
        "keywords": _text("keywords"),
        "keywords_spotted": _selectable(LIST, values.keywords_spotted),
        "landing_page_url": _text("landing_page_url"),
        "last_requested_url": _text("last_requested_url"),
        "lead_explanation": _text("lead_explanation"),
        "lead_score": _text("lead_score"),
        "lead_status": _selectable(TEXT_OR_NULL, values.lead_status),
        "medium": _text("medium"),
        "milestones": _selectable(OBJECT, _milestones),
        "msclkid": _text("msclkid"),
        "note": _text("note"),
        "person_id": _selectable(TEXT_OR_NULL, lambda call: call.person.main.resource_id if call.person else None),
        "prior_calls": _selectable(WHOLE, lambda call: call.prior_calls),
        "referrer_domain": _text("referrer_domain"),
        "referring_url": _text("referring_url"),
        "sentiment": _text("sentiment"),
        "session_uuid": _text("session_uuid"),
        "source": _selectable(TEXT_OR_NULL, values.source_in_words),
        "source_name": _text("tracker.name"),
        "speaker_percent": _selectable(OBJECT_OR_NULL, lambda call: call.speaker_percent),
        "tags": _selectable(TEXTS, values.tag_names),
        "timeline_url": _selectable(TEXT, values.timeline),
        "total_calls": _selectable(WHOLE, lambda call: call.prior_calls + 1),
        "tracker_id": _text("tracker.resource_id"),
        "transcription": _text("transcription_text"),
        "utm_campaign": _text("utm_campaign"),
        "utm_content": _text("utm_content"),
        "utm_medium": _text("utm_medium"),
        "utm_source": _text("utm_source"),
        "utm_term": _text("utm_term"),
        "value": _selectable(NUMBER_OR_NULL, lambda call: amount(call.value)),
        "voice_assist_message": always(None, OBJECT_OR_NULL, selectable=True),
        "waveforms": _selectable(LIST, lambda call: call.waveforms or []),
        "zip_code": _selectable(TEXTS, lambda call: [call.zip_code] if call.zip_code else []),
    }
)
