"""Calls that another system brought in and never ended. One that nothing was heard of for long enough is closed as what
is known of it. Its event stream's `wake_at` is the timer: a row, not a process."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings

from subscriptions.tenancy.audit_log import SERVICE, record

from .models import Call

logger = logging.getLogger(__name__)


def ends_at(call: Call) -> datetime | None:
    """When it will have been silent for too long; None for one that has ended, and for one that a person typed in."""
    if call.ended_at is not None or not call.external_source:
        return None
    return call.updated_at + timedelta(seconds=settings.CALL_SILENT_SECONDS)


def has_lasted(call: Call, now: datetime) -> bool:
    until = ends_at(call)
    return until is not None and until <= now


def close(call: Call, now: datetime) -> None:
    """At the last moment that is known of it. The caller holds the call's lock, and publishes what follows."""
    began = call.answered_at or call.routed_at or call.start_time
    known = timedelta(seconds=max(call.duration or 0, call.recording_duration or 0))
    call.ended_at, call.closed_silent_at = max(began + known, call.start_time), now
    # Not by `save`: that would lead back here.
    Call.objects.filter(pk=call.pk).update(ended_at=call.ended_at, closed_silent_at=now)
    words = (
        f"Nothing was heard of it since {call.updated_at:%Y-%m-%d %H:%M} UTC; {call.external_source} never ended it."
    )
    record(SERVICE, "Closed a silent call", call, detail=words)
    logger.warning("Closed %s (%s %s): %s", call.resource_id, call.external_source, call.external_id, words)
