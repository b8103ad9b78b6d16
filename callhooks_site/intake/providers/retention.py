"""What goes of this app's rows: callbacks that were refused and what was told of calls, when they are old."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from subscriptions.maintenance import retention

from .models import ProviderCall, RefusedCallback


def register() -> None:
    retention.register(
        "refused callbacks",
        lambda: RefusedCallback.objects.filter(received_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
    )
    retention.register(
        "calls as providers told them",
        lambda: ProviderCall.objects.filter(heard_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
    )
