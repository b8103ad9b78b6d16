"""Close calls that a source brought in and never ended, after CALL_SILENT_SECONDS without news.

The timer is the `wake_at` of the call's event stream: a row, not a process.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings

from subscriptions.tenancy.audit_log import SERVICE, record

from .models import Call

logger = logging.getLogger(__name__)


def stale_at(call: Call) -> datetime | None:
    """When the call counts as stale; None for one that has ended or that a person typed in."""
    if call.ended_at is not None or not call.external_source:
        return None
    return call.updated_at + timedelta(seconds=settings.CALL_SILENT_SECONDS)


def is_stale(call: Call, now: datetime) -> bool:
    until = stale_at(call)
    return until is not None and until <= now


def close_stale_call(call: Call, now: datetime) -> None:
    """End it at the last known moment. The caller holds the call's lock and publishes what follows."""
    began = call.answered_at or call.routed_at or call.start_time
    known = timedelta(seconds=max(call.duration or 0, call.recording_duration or 0))
    call.ended_at, call.closed_as_stale_at = max(began + known, call.start_time), now
    # Not by `save`: that would lead back here.
    Call.objects.filter(pk=call.pk).update(ended_at=call.ended_at, closed_as_stale_at=now)
    words = f"No news since {call.updated_at:%Y-%m-%d %H:%M} UTC; {call.external_source} never reported its end."
    record(SERVICE, "Closed a stale call", call, detail=words)
    logger.warning("Closed %s (%s %s): %s", call.resource_id, call.external_source, call.external_id, words)
