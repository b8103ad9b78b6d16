"""Delete old refused forms and expired rates."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from subscriptions.maintenance import retention

from .models import FormRefusal, SenderRate


def register() -> None:
    retention.register(
        "refused forms",
        lambda: FormRefusal.objects.filter(received_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
    )
    retention.register("form senders' rates", lambda: SenderRate.objects.filter(used_until__lt=Now()))
