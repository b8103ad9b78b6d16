"""Delete old refused callbacks and old facts about calls."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from subscriptions.maintenance import retention

from .models import ProviderCall, ProviderLeg, RefusedCallback


def register() -> None:
    retention.register(
        "refused callbacks",
        lambda: RefusedCallback.objects.filter(received_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
    )
    retention.register(
        "provider call facts",
        lambda: ProviderCall.objects.filter(heard_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
    )
    retention.register(
        "provider call legs",
        lambda: ProviderLeg.objects.filter(noted_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
    )
