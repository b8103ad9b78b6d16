"""Which events a call fires, given its state and what was already published. `events` calls this under lock."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from subscriptions.events.publishing import Publisher
from subscriptions.events.streams import Stream

from . import call_states, stale_calls, watched_fields
from .models import Call

PRE_CALL = "pre_call"
CALL_ROUTING_COMPLETE = "call_routing_complete"
POST_CALL = "post_call"
CALL_MODIFIED = "call_modified"


def publish_due_events(call: Call, publisher: Publisher) -> None:
    """Publish what is due for this call, and set its stream's timer for what is not due yet."""
    stream = publisher.streams[call.resource_id]
    if stale_calls.is_stale(call, stream.now):
        stale_calls.close_stale_call(call, stream.now)
    # An earlier event never follows a later one, whatever a correction does to the call.
    if call.direction == Call.Direction.INBOUND and POST_CALL not in stream.fired:
        if call_states.is_ringing(call) and CALL_ROUTING_COMPLETE not in stream.fired:
            publisher.publish(PRE_CALL, call)
        if call_states.is_routed(call):
            publisher.publish(CALL_ROUTING_COMPLETE, call)
    now = watched_fields.fingerprint(call)
    if POST_CALL in stream.fired and POST_CALL not in stream.own_events:
        _publish_changes(call, publisher, stream, now)
    elif POST_CALL in stream.own_events or _post_call_is_due(call, stream):
        publisher.publish(POST_CALL, call)
        stream.watched = now
        stream.wake_at = None


def mark_past_events_fired(call: Call, publisher: Publisher) -> None:
    """Note, without publishing, that this call's events were published. A running call still fires what comes next."""
    stream = publisher.streams[call.resource_id]
    past = [PRE_CALL, CALL_ROUTING_COMPLETE, POST_CALL] if call.ended_at else []
    stream.fired += [name for name in past if name not in stream.fired]
    stream.watched = watched_fields.fingerprint(call)
    stream.watched_before = stream.watched


def take_watched_as_told(call: Call, publisher: Publisher) -> None:
    """Note that a call whose changes are told says what it says now."""
    stream = publisher.streams[call.resource_id]
    if POST_CALL in stream.fired:
        stream.watched = watched_fields.fingerprint(call)
        stream.watched_before = stream.watched


def _publish_changes(call: Call, publisher: Publisher, stream: Stream, now: dict[str, str]) -> None:
    changes = watched_fields.list_changes(stream.watched_before, now, scored_by=call.lead_status_by)
    if changes:
        publisher.publish(CALL_MODIFIED, call, changes)
    else:
        publisher.withdraw(CALL_MODIFIED, call)
    stream.watched = now


def _post_call_is_due(call: Call, stream: Stream) -> bool:
    """Whether the call is complete or POST_CALL_WAIT_SECONDS (20 minutes) have passed since its end, by the database's
    clock. A call that is reported by a provider's callbacks and has nothing to wait for waits POST_CALL_SETTLE_SECONDS:
    what is still on its way may say that somebody answered, or left a voicemail. Otherwise sets the stream's timer."""
    if call.ended_at is None:
        stream.wake_at = stale_calls.stale_at(call)
        return False
    if call.closed_as_stale_at is not None:
        return True  # nothing more is expected of it
    if not call_states.is_complete(call):
        wait = timedelta(seconds=settings.POST_CALL_WAIT_SECONDS)
        # If the source's clock runs ahead, the wait begins when the end first arrived.
        stream.wake_at = call.ended_at + wait if call.ended_at <= stream.now else _first(stream, wait)
    elif call.reported_by_provider and not call_states.awaits_files(call):
        stream.wake_at = _first(stream, timedelta(seconds=settings.POST_CALL_SETTLE_SECONDS))
    else:
        return True
    return stream.wake_at <= stream.now


def _first(stream: Stream, wait: timedelta) -> datetime:
    """The end of a wait that begins now, unless one ends before: no later save prolongs it."""
    return min(stream.wake_at or stream.now + wait, stream.now + wait)
