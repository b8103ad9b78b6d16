"""What django-q2 runs for this app: no arguments, no results."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from . import refusals
from .models import ProviderCall, RefusedCallback

logger = logging.getLogger(__name__)

BATCH = 1_000
RUN_SECONDS = 50.0  # below django-q2's timeout; the next run goes on


def tidy() -> None:
    """Once an hour: tell of calls that never came whole; delete what is old, in small batches."""
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
