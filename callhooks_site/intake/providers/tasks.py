"""What django-q2 runs for this app: no arguments, no results."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from . import refusals
from .intake import Refused, absorb
from .models import ProviderCall

logger = logging.getLogger(__name__)

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


def tell_what_is_missing() -> None:
    """Once an hour: transcriptions and calls that never came whole."""
    finish_transcriptions()
    if told := refusals.tell_of_orphans(timedelta(seconds=settings.CALL_SILENT_SECONDS)):
        logger.info("Provider callbacks: %s calls never came whole", told)
