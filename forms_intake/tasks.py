"""What django-q2 runs for this app: no arguments, no results."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from .models import FormRefusal, SenderRate

logger = logging.getLogger(__name__)

BATCH = 1_000
RUN_SECONDS = 50.0  # below django-q2's timeout; the next run goes on


def tidy() -> None:
    """Once an hour: delete refused forms that are old, and counts that are over, in small batches."""
    ends_at = time.monotonic() + RUN_SECONDS
    old: tuple[QuerySet[Any], ...] = (
        FormRefusal.objects.filter(received_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
        SenderRate.objects.filter(used_until__lt=Now()),
    )
    gone = 0
    for rows in old:
        while time.monotonic() < ends_at:
            batch = list(rows.values_list("pk", flat=True)[:BATCH])
            gone += rows.filter(pk__in=batch).delete()[0]
            if len(batch) < BATCH:
                break
    if gone:
        logger.info("Web forms: %s old rows went", gone)
