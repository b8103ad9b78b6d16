"""What conditions may ask of a call's past events: `facts.py`, out of the bodies that were stored when they happened.

A Pre-Call does not tell source and campaign: these are the call's of now, which were there when it arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subscriptions.events.catalogue import Told
from subscriptions.events.conditions import UNKNOWN, Named

from .facts import outcome
from .models import Call
from .payloads.values import display_name


def of_arrived(told: Sequence[Told]) -> list[dict[str, Any]]:
    calls = Call.objects.filter(resource_id__in={one.subject_id for one in told})
    rows = calls.values_list("resource_id", "source", "tracker__source", "campaign")
    now = {call: (display_name(source or of_tracker), campaign) for call, source, of_tracker, campaign in rows}
    gone = (UNKNOWN, UNKNOWN)
    return [
        {**_from_body(one.body), **dict(zip(("source", "campaign"), now.get(one.subject_id, gone), strict=True))}
        for one in told
    ]


def of_routed(told: Sequence[Told]) -> list[dict[str, Any]]:
    """Its body leaves out what is empty."""
    missing = [UNKNOWN if not one.body else "" for one in told]
    return [
        {
            **_from_body(one.body),
            "source": one.body.get("source", nothing),
            "campaign": one.body.get("campaign", nothing),
        }
        for one, nothing in zip(told, missing, strict=True)
    ]


def of_ended(told: Sequence[Told]) -> list[dict[str, Any]]:
    return [_of_ended(one.body) for one in told]


def _of_ended(body: Any) -> dict[str, Any]:
    kind, answered, seconds = body.get("call_type"), body.get("answered"), str(body.get("duration", ""))
    return {
        **_from_body(body),
        **{name: body.get(name, UNKNOWN) for name in ("source", "campaign", "lead_status", "tags")},
        "outcome": UNKNOWN if kind is None or answered is None else outcome(kind, answered=answered),
        "duration": int(seconds) if seconds.isdecimal() else UNKNOWN,
    }


def _from_body(body: Any) -> dict[str, Any]:
    """What the bodies of all events of calls tell."""
    tracker = body.get("tracker_resource_id")
    return {
        "tracker": UNKNOWN if tracker is None else Named(tracker, body.get("source_name") or tracker),
        "direction": body.get("direction", UNKNOWN),
        "first_call": body.get("first_call", UNKNOWN),
    }
