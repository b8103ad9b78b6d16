"""The bodies of call webhooks. Each key of the contract is declared once; `keys` says what an event carries."""

from __future__ import annotations

from operator import attrgetter as of
from typing import Any

from subscriptions.events.payload_fields import Flag, Items, Payload, Text, Thing, Whole, moment

from ..lifecycle import FORMATTED_TYPES, call_type, seconds
from ..phones import formatted
from ..watched import NAMES as WATCHED
from . import keys, meanings, schemas, values


class CallPayload(Payload):
    """Everything a call webhook may say, as the call is now. An absent value is the empty string."""

    meanings = meanings.CALL

    # who, where, when
    company_id = Whole(of("company_id"))
    company_name = Text(of("company.name"))
    company_resource_id = Text(of("company.resource_id"))
    company_time_zone = Text(of("company.time_zone"))
    resource_id = Text(of("resource_id"))
    person_resource_id = Text(lambda call: call.person.resource_id if call.person else "")
    tracker_resource_id = Text(of("tracker.resource_id"))
    created_at = Text(lambda call: moment(call.created_at, call.company.time_zone))
    start_time = Text(values.start)
    timestamp = Text(values.start)
    datetime = Text(values.utc_text)

    # the call
    answered = Flag(of("answered"))
    voicemail = Flag(of("voicemail"))
    spam = Flag(of("spam"))
    direction = Text(of("direction"), schema=schemas.DIRECTION)
    call_type = Text(call_type, schema=schemas.CALL_TYPE)
    formatted_call_type = Text(lambda call: FORMATTED_TYPES[call_type(call)])
    duration = Text(lambda call: str(seconds(call)))
    formatted_duration = Text(values.duration_in_words)
    device_type = Text(of("device_type"))
    agent_email = Text(of("agent_email"))
    keypad_entries = Items(of("keypad_entries"), absent=[])
    custom = Text(of("custom"))
    timeline_url = Text(values.timeline)
    integration_data = Items(lambda call: values.INTEGRATION_DATA)

    # the customer
    customer_name = Text(of("customer_name"))
    customer_city = Text(of("customer_city"))
    customer_state = Text(of("customer_state"))
    customer_country = Text(of("customer_country"))
    customer_number = Text(of("customer_phone_number"))
    customer_phone_number = Text(of("customer_phone_number"))
    formatted_customer_name = Text(of("customer_name"))
    formatted_customer_location = Text(values.location)
    formatted_customer_phone_number = Text(lambda call: formatted(call.customer_phone_number))
    formatted_customer_name_or_phone_number = Text(
        lambda call: call.customer_name or formatted(call.customer_phone_number)
    )
    prior_calls = Whole(of("prior_calls"))
    total_calls = Whole(lambda call: call.prior_calls + 1)
    first_call = Flag(lambda call: call.prior_calls == 0)

    # the numbers
    tracking_phone_number = Text(of("tracker.phone_number"))
    formatted_tracking_phone_number = Text(lambda call: formatted(call.tracker.phone_number))
    business_phone_number = Text(of("business_phone_number"))
    formatted_business_phone_number = Text(lambda call: formatted(call.business_phone_number))

    # what people and rules made of it
    tags = Items(values.tag_names, schema=schemas.TAGS)
    detail_tags = Items(values.tag_details, schema=schemas.DETAIL_TAGS)
    note = Text(of("note"))
    value = Text(lambda call: "" if call.value is None else f"{call.value:.2f}")
    formatted_value = Text(lambda call: "--" if call.value is None else f"${call.value:.2f}")
    lead_status = Text(values.lead_status)
    score = Thing(values.score, schema=schemas.SCORE)
    good_lead_call_id = Thing(of("good_lead_call_id"), absent="", schema=schemas.NUMBER_OR_EMPTY)
    good_lead_call_time = Text(values.good_lead_time)

    # the recording
    recording = Text(of("recording_url"))
    recording_player = Text(lambda call: values.recording_page(call, "recording-player"))
    recording_redirect = Text(lambda call: values.recording_page(call, "recording-redirect"))
    recording_duration = Thing(of("recording_duration"), absent="", schema=schemas.NUMBER_OR_EMPTY)
    waveforms = Items(of("waveforms"), absent=[])
    transcription = Text(of("transcription_text"))
    conversational_transcript = Items(values.transcript)
    speaker_percent = Thing(of("speaker_percent"), absent="", schema=schemas.OBJECT_OR_EMPTY)
    keywords_spotted = Items(values.keywords_spotted)
    call_highlights = Items(of("call_highlights"), absent=[])

    # where the customer came from
    source = Text(values.source)  # type: ignore[assignment]
    source_name = Text(of("tracker.name"))
    formatted_tracking_source = Text(values.source_in_words)
    medium = Text(of("medium"))
    campaign = Text(of("campaign"))
    keywords = Text(of("keywords"))
    referrer = Text(of("referrer"))
    referrer_domain = Text(of("referrer_domain"))
    referring_url = Text(of("referring_url"))
    landing_page_url = Text(of("landing_page_url"))
    last_requested_url = Text(of("last_requested_url"))
    milestones = Thing(values.milestones, schema=schemas.MILESTONES)
    utm_source = Text(of("utm_source"))
    utm_medium = Text(of("utm_medium"))
    utm_term = Text(of("utm_term"))
    utm_content = Text(of("utm_content"))
    utm_campaign = Text(of("utm_campaign"))
    utma = Text(of("utma"))
    utmb = Text(of("utmb"))
    utmc = Text(of("utmc"))
    utmv = Text(of("utmv"))
    utmz = Text(of("utmz"))
    ga = Text(of("ga"))
    gclid = Text(of("gclid"))
    fbclid = Text(of("fbclid"))
    msclkid = Text(of("msclkid"))
    kissmetrics_id = Text(of("kissmetrics_id"))

    # older names of the same values
    callercity = Text(of("customer_city"))
    callercountry = Text(of("customer_country"))
    callername = Text(of("customer_name"))
    callernum = Text(of("customer_phone_number"))
    callerstate = Text(of("customer_state"))
    callsource = Text(values.source_slug)
    destinationnum = Text(of("business_phone_number"))
    landingpage = Text(of("landing_page_url"))
    referrermedium = Text(of("medium"))
    tag = Text(lambda call: ", ".join(values.tag_names(call)))
    trackingnum = Text(of("tracker.phone_number"))


class PreCallPayload(CallPayload):
    """Before it is connected a call is unanswered and has no length, whatever becomes of it."""

    keys = keys.PRE_CALL

    answered = Flag(lambda call: False)
    voicemail = Flag(lambda call: False)
    call_type = Text(lambda call: "missed")
    formatted_call_type = Text(lambda call: FORMATTED_TYPES["missed"])
    duration = Text(lambda call: "0")
    formatted_duration = Text(lambda call: "0s")


class CallRoutingCompletePayload(CallPayload):
    optional = keys.ROUTING_OPTIONAL
    keys = keys.CALL_ROUTING_COMPLETE

    def to_representation(self, instance: Any) -> dict[str, Any]:
        body = super().to_representation(instance)
        return {key: value for key, value in body.items() if value or key not in keys.ROUTING_OPTIONAL}


class PostCallPayload(CallPayload):
    keys = keys.POST_CALL


class CallModifiedPayload(PostCallPayload):
    """Post-Call with the new values; `changes` is appended when the event is frozen."""

    appended = {
        "changes": {
            "type": "array",
            "items": {"enum": list(WATCHED)},
            "minItems": 1,
            "uniqueItems": True,
            "description": meanings.CHANGES,
        },
    }
