"""What django-q2 runs for this app: no arguments, no results."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from . import refusals
from .intake import Refused, absorb
from .models import ProviderCall, RefusedCallback

logger = logging.getLogger(__name__)

BATCH = 1_000
RUN_SECONDS = 50.0  # below django-q2's timeout; the next run goes on


# A transcription's end comes within seconds of the call's.
END_LOST_AFTER = timedelta(minutes=15)
MOST_FINISHED = 500  # in one run


def finish_transcriptions() -> None:
    """The end of a live transcription was lost: what was heard of it is what there is."""
    lately = ProviderCall.objects.filter(heard_at__lt=Now() - END_LOST_AFTER, heard_at__gt=Now() - timedelta(days=2))
    unfinished = lately.filter(call__ended_at__isnull=False, facts__has_key="phrases").exclude(
        facts__has_key="phrases_done"
    )
    for one in unfinished.select_related("source__company")[:MOST_FINISHED]:
        try:
            absorb(one.source, one.sid, [{"phrases_done": 1}])
        except Refused as refused:
            logger.warning("The transcription of %s could not be taken in: %s", one.sid, refused)


def tidy() -> None:
    """Once an hour: tell of calls that never came whole; delete what is old, in small batches."""
    finish_transcriptions()
    told = refusals.tell_of_orphans(timedelta(seconds=settings.CALL_SILENT_SECONDS))
    ends_at = time.monotonic() + RUN_SECONDS
    gone = 0
    old = (
        RefusedCallback.objects.filter(received_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
        ProviderCall.objects.filter(heard_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
    )
    for rows in old:
        while time.monotonic() < ends_at:
            batch = list(rows.values_list("pk", flat=True)[:BATCH])
            gone += rows.filter(pk__in=batch).delete()[0]
            if len(batch) < BATCH:
                break
    if told or gone:
        logger.info("Provider callbacks: %s calls never came whole, %s old rows went", told, gone)
