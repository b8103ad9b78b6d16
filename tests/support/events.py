"""What tests look at: the events of a subject."""

from __future__ import annotations

import json
from typing import Any

from subscriptions.models import Event, EventSubject


def events_of(subject: EventSubject) -> list[Event]:
    return list(Event.objects.filter(subject_id=subject.resource_id).order_by("sequence"))


def types_of(subject: EventSubject) -> list[str]:
    return [event.type for event in events_of(subject)]


def bodies_of(subject: EventSubject, event_type: str) -> list[dict[str, Any]]:
    return [json.loads(bytes(event.body)) for event in events_of(subject) if event.type == event_type]


def changes_of(subject: EventSubject) -> list[list[str]]:
    """The `changes` of each call_modified, in order."""
    return [body["changes"] for body in bodies_of(subject, "call_modified")]
