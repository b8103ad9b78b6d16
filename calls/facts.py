"""What conditions of subscriptions may ask of a call (`subscriptions/events/conditions.py`)."""

from __future__ import annotations

from typing import Any

from subscriptions.events.conditions import Named

from .call_states import call_type, seconds
from .payloads import values

# A voicemail with a transcription is a voicemail.
_OUTCOMES = {"voicemail_transcription": "voicemail", "in_progress": "answered"}


def of_ringing(call: Any) -> dict[str, Any]:
    """What is known as soon as a call arrives."""
    return {
        "tracker": Named(call.tracker.resource_id, call.tracker.name),
        "direction": call.direction,
        "first_call": call.prior_calls == 0,
        "source": values.source_in_words(call),
        "campaign": call.campaign,
    }


def of_ended(call: Any) -> dict[str, Any]:
    return {
        **of_ringing(call),
        "outcome": outcome(call_type(call), answered=call.answered),
        "duration": seconds(call),
        "lead_status": values.lead_status(call),
        "tags": values.tag_names(call),
    }


def outcome(kind: str, *, answered: bool) -> str:
    """Of a call of this type. That of an outbound call is whether it was answered."""
    if kind == "outbound":
        return "answered" if answered else "missed"
    return _OUTCOMES.get(kind, kind)
