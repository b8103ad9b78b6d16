"""The event types of calls, for the event catalogue."""

from operator import attrgetter

from subscriptions.events.catalogue import EventType, SubjectKind

from . import events, examples, facts, firing_rules, past_facts, selectors
from .payloads.serializers import (
    CallModifiedPayload,
    CallRoutingCompletePayload,
    PostCallPayload,
    PreCallPayload,
)

KIND = SubjectKind(events.KIND, events.publish_due, selectors.read_one, page="call-timeline")

TYPES = [
    EventType(
        firing_rules.PRE_CALL,
        "Pre-Call",
        "When an inbound call arrives, before it is connected.",
        PreCallPayload,
        facts=facts.of_ringing,
        past_facts=past_facts.of_arrived,
        example=examples.build_ringing_call,
    ),
    EventType(
        firing_rules.CALL_ROUTING_COMPLETE,
        "Call Routing Complete",
        "When an inbound call has been routed to its destination.",
        CallRoutingCompletePayload,
        facts=facts.of_ringing,
        past_facts=past_facts.of_routed,
        example=examples.build_routed_call,
    ),
    EventType(
        firing_rules.POST_CALL,
        "Post-Call",
        "When a call has ended and its recording and transcription have arrived, or 20 minutes after its end.",
        PostCallPayload,
        facts=facts.of_ended,
        past_facts=past_facts.of_ended,
        direction=attrgetter("direction"),
        example=examples.build_ended_call,
    ),
    EventType(
        firing_rules.CALL_MODIFIED,
        "Call Modified",
        "When tags, note, value, transcription, recording or lead status change after Post-Call.",
        CallModifiedPayload,
        once=False,
        facts=facts.of_ended,
        past_facts=past_facts.of_ended,
        direction=attrgetter("direction"),
        example=examples.build_modified_call,
    ),
]
