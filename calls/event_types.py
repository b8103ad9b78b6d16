"""The event types of calls, for the event catalogue."""

from subscriptions.events.catalogue import EventType, SubjectKind

from . import events, examples, firing_rules
from .payloads.serializers import (
    CallModifiedPayload,
    CallRoutingCompletePayload,
    PostCallPayload,
    PreCallPayload,
)

KIND = SubjectKind(events.KIND, events.publish_due)

TYPES = [
    EventType(
        firing_rules.PRE_CALL,
        "Pre-Call",
        "When an inbound call arrives, before it is connected.",
        PreCallPayload,
        example=examples.build_ringing_call,
    ),
    EventType(
        firing_rules.CALL_ROUTING_COMPLETE,
        "Call Routing Complete",
        "When an inbound call has been routed to its destination.",
        CallRoutingCompletePayload,
        example=examples.build_routed_call,
    ),
    EventType(
        firing_rules.POST_CALL,
        "Post-Call",
        "When a call has ended and its recording and transcription have arrived, or 20 minutes after its end.",
        PostCallPayload,
        example=examples.build_ended_call,
    ),
    EventType(
        firing_rules.CALL_MODIFIED,
        "Call Modified",
        "When tags, note, value, transcription, recording or lead status change after Post-Call.",
        CallModifiedPayload,
        once=False,
        example=examples.build_modified_call,
    ),
]
