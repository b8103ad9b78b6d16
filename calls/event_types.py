"""The events of calls, for the catalogue."""

from subscriptions.events.catalogue import EventType, SubjectKind

from . import events, examples
from .payloads.serializers import (
    CallModifiedPayload,
    CallRoutingCompletePayload,
    PostCallPayload,
    PreCallPayload,
)

KIND = SubjectKind(events.KIND, events.publish_due)

TYPES = [
    EventType(
        events.PRE_CALL,
        "Pre-Call",
        "When an inbound call arrives, before it is connected.",
        PreCallPayload,
        example=examples.ringing,
    ),
    EventType(
        events.CALL_ROUTING_COMPLETE,
        "Call Routing Complete",
        "When an inbound call has been routed to its destination.",
        CallRoutingCompletePayload,
        example=examples.routed,
    ),
    EventType(
        events.POST_CALL,
        "Post-Call",
        "When a call has ended and its recording and transcription are there, or 20 minutes after its end.",
        PostCallPayload,
        example=examples.ended,
    ),
    EventType(
        events.CALL_MODIFIED,
        "Call Modified",
        "When tags, note, value, transcription, recording or lead status change after Post-Call.",
        CallModifiedPayload,
        once=False,
        example=examples.modified,
    ),
]
