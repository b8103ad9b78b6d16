"""The bodies of call webhooks. Each key of the contract is declared once; `keys` lists the keys of each event."""

from __future__ import annotations

from operator import attrgetter as of
from typing import Any

from subscriptions.events.payload_fields import (
    BooleanValue,
    IntegerValue,
    JsonValue,
    ListValue,
    Payload,
    TextValue,
    format_time,
)

from ..call_states import FORMATTED_TYPES, call_type, seconds
from ..phones import formatted
from ..watched_fields import NAMES as WATCHED
from . import keys, meanings, schemas, values


class CallPayload(Payload):
    """Every key that a call webhook may have, with the call's current value. An absent value is an empty string."""

    meanings = meanings.CALL

    # who, where, when
    company_id = IntegerValue(of("company_id"))
    company_name = TextValue(of("company.name"))
    company_resource_id = TextValue(of("company.resource_id"))
    company_time_zone = TextValue(of("company.time_zone"))
    resource_id = TextValue(of("resource_id"))
    person_resource_id = TextValue(lambda call: call.person.main.resource_id if call.person else "")
    tracker_resource_id = TextValue(of("tracker.resource_id"))
    created_at = TextValue(lambda call: format_time(call.created_at, call.company.time_zone))
    start_time = TextValue(values.start)
    timestamp = TextValue(values.start)
    datetime = TextValue(values.utc_text)

    # the call
    answered = BooleanValue(of("answered"))
    voicemail = BooleanValue(of("voicemail"))
    spam = BooleanValue(of("spam"))
    direction = TextValue(of("direction"), schema=schemas.DIRECTION)
    call_type = TextValue(call_type, schema=schemas.CALL_TYPE)
    formatted_call_type = TextValue(lambda call: FORMATTED_TYPES[call_type(call)])
    duration = TextValue(lambda call: str(seconds(call)))
    formatted_duration = TextValue(values.duration_in_words)
    device_type = TextValue(of("device_type"))
    agent_email = TextValue(of("agent_email"))
    keypad_entries = JsonValue(lambda call: call.keypad_entries or "", schema=schemas.LIST_OR_EMPTY)
    custom = TextValue(of("custom"))
    timeline_url = TextValue(values.timeline)
    integration_data = ListValue(lambda call: values.INTEGRATION_DATA)

    # the customer
    customer_name = TextValue(of("customer_name"))
    customer_city = TextValue(of("customer_city"))
    customer_state = TextValue(of("customer_state"))
    customer_country = TextValue(of("customer_country"))
    customer_number = TextValue(of("customer_phone_number"))
    customer_phone_number = TextValue(of("customer_phone_number"))
    formatted_customer_name = TextValue(of("customer_name"))
    formatted_customer_location = TextValue(values.location)
    formatted_customer_phone_number = TextValue(lambda call: formatted(call.customer_phone_number))
    formatted_customer_name_or_phone_number = TextValue(
        lambda call: call.customer_name or formatted(call.customer_phone_number)
    )
    prior_calls = IntegerValue(of("prior_calls"))
    total_calls = IntegerValue(lambda call: call.prior_calls + 1)
    first_call = BooleanValue(lambda call: call.prior_calls == 0)

    # the numbers
    tracking_phone_number = TextValue(of("tracker.phone_number"))
    formatted_tracking_phone_number = TextValue(lambda call: formatted(call.tracker.phone_number))
    business_phone_number = TextValue(of("business_phone_number"))
    formatted_business_phone_number = TextValue(lambda call: formatted(call.business_phone_number))

    # what people and rules made of it
    tags = ListValue(values.tag_names, schema=schemas.TAGS)
    detail_tags = ListValue(values.tag_details, schema=schemas.DETAIL_TAGS)
    note = TextValue(of("note"))
    value = TextValue(lambda call: "" if call.value is None else f"{call.value:.2f}")
    formatted_value = TextValue(lambda call: "--" if call.value is None else f"${call.value:.2f}")
    lead_status = TextValue(values.lead_status)
    score = JsonValue(values.score, schema=schemas.SCORE)
    good_lead_call_id = JsonValue(of("good_lead_call_id"), absent="", schema=schemas.NUMBER_OR_EMPTY)
    good_lead_call_time = TextValue(values.good_lead_time)

    # the recording
    recording = TextValue(lambda call: values.recording_page(call, "recording-redirect"))
    recording_player = TextValue(lambda call: values.recording_page(call, "recording-player"))
    recording_redirect = TextValue(lambda call: values.recording_page(call, "recording-redirect"))
    recording_duration = JsonValue(of("recording_duration"), absent="", schema=schemas.NUMBER_OR_EMPTY)
    waveforms = JsonValue(lambda call: call.waveforms or "", schema=schemas.LIST_OR_EMPTY)
    transcription = TextValue(of("transcription_text"))
    conversational_transcript = JsonValue(lambda call: values.transcript(call) or "", schema=schemas.LIST_OR_EMPTY)
    speaker_percent = JsonValue(lambda call: call.speaker_percent or "", schema=schemas.OBJECT_OR_EMPTY)
    keywords_spotted = JsonValue(lambda call: values.keywords_spotted(call) or "", schema=schemas.LIST_OR_EMPTY)
    call_highlights = ListValue(of("call_highlights"), absent=[])

    # where the customer came from
    source = TextValue(values.source_in_words)  # type: ignore[assignment]
    source_name = TextValue(of("tracker.name"))
    formatted_tracking_source = TextValue(values.source_in_words)
    medium = TextValue(of("medium"))
    campaign = TextValue(of("campaign"))
    keywords = TextValue(of("keywords"))
    referrer = TextValue(of("referrer"))
    referrer_domain = TextValue(of("referrer_domain"))
    referring_url = TextValue(of("referring_url"))
    landing_page_url = TextValue(of("landing_page_url"))
    last_requested_url = TextValue(of("last_requested_url"))
    milestones = JsonValue(values.milestones, schema=schemas.MILESTONES)
    utm_source = TextValue(of("utm_source"))
    utm_medium = TextValue(of("utm_medium"))
    utm_term = TextValue(of("utm_term"))
    utm_content = TextValue(of("utm_content"))
    utm_campaign = TextValue(of("utm_campaign"))
    utma = TextValue(of("utma"))
    utmb = TextValue(of("utmb"))
    utmc = TextValue(of("utmc"))
    utmv = TextValue(of("utmv"))
    utmz = TextValue(of("utmz"))
    ga = TextValue(of("ga"))
    gclid = TextValue(of("gclid"))
    fbclid = TextValue(of("fbclid"))
    msclkid = TextValue(of("msclkid"))
    kissmetrics_id = TextValue(of("kissmetrics_id"))

    # older names of the same values
    callercity = TextValue(of("customer_city"))
    callercountry = TextValue(of("customer_country"))
    callername = TextValue(of("customer_name"))
    callernum = TextValue(of("customer_phone_number"))
    callerstate = TextValue(of("customer_state"))
    callsource = TextValue(values.source_slug)
    destinationnum = TextValue(of("business_phone_number"))
    landingpage = TextValue(of("landing_page_url"))
    referrermedium = TextValue(of("medium"))
    tag = TextValue(lambda call: ", ".join(values.tag_names(call)))
    trackingnum = TextValue(of("tracker.phone_number"))


class PreCallPayload(CallPayload):
    """A call that is not connected yet is unanswered and has no length, even if the body is built later."""

    keys = keys.PRE_CALL

    answered = BooleanValue(lambda call: False)
    voicemail = BooleanValue(lambda call: False)
    call_type = TextValue(lambda call: "missed")
    formatted_call_type = TextValue(lambda call: FORMATTED_TYPES["missed"])
    duration = TextValue(lambda call: "0")
    formatted_duration = TextValue(lambda call: "0s")


class CallRoutingCompletePayload(CallPayload):
    optional = keys.ROUTING_OPTIONAL
    keys = keys.CALL_ROUTING_COMPLETE

    def to_representation(self, instance: Any) -> dict[str, Any]:
        body = super().to_representation(instance)
        return {key: value for key, value in body.items() if value or key not in keys.ROUTING_OPTIONAL}


class PostCallPayload(CallPayload):
    keys = keys.POST_CALL


class CallModifiedPayload(PostCallPayload):
    """Post-Call with the new values; `changes` is appended when the body is built."""

    appended = {
        "changes": {
            "type": "array",
            "items": {"enum": [name for name in WATCHED if name != "call_summary"]},
            "minItems": 1,
            "uniqueItems": True,
            "description": meanings.CHANGES,
        },
    }
