"""The task that django-q2 runs for provider callbacks. It takes no arguments and returns nothing."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from . import refusals
from .call_updates import add_facts
from .errors import CallbackRefused
from .models import ProviderCall

logger = logging.getLogger(__name__)

# A transcription's end comes within seconds of the call's.
END_LOST_AFTER = timedelta(minutes=15)
MOST_FINISHED = 500  # in one run


def finish_transcriptions() -> None:
    """Use a live transcription whose end never arrived: what arrived is all there is."""
    recent = ProviderCall.objects.filter(heard_at__lt=Now() - END_LOST_AFTER, heard_at__gt=Now() - timedelta(days=2))
    unfinished = recent.filter(call__ended_at__isnull=False, facts__has_key="phrases").exclude(
        facts__has_key="phrases_done"
    )
    for one in unfinished.select_related("source__company")[:MOST_FINISHED]:
        try:
            add_facts(one.source, one.sid, [{"phrases_done": 1}])
        except CallbackRefused as refused:
            logger.warning("Could not use the transcription of %s: %s", one.sid, refused)


def finish_incomplete_calls() -> None:
    """Hourly: deal with transcriptions and calls of which a part never arrived."""
    finish_transcriptions()
    if reported := refusals.report_incomplete_calls(timedelta(seconds=settings.CALL_SILENT_SECONDS)):
        logger.info("Provider callbacks: reported %s incomplete calls", reported)
