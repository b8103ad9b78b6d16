"""Alert destinations for tests, and endpoints that fail or are well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from subscriptions.endpoints import destinations
from subscriptions.models import AlertDestination, Company, EndpointHealth, Subscription

ALL_ALERTS = [value for value, _ in AlertDestination.Alert.choices]


def make_destination(company: Company, kind: str = "webhook", url: str = "", **fields: Any) -> AlertDestination:
    fields.setdefault("alerts", ALL_ALERTS)
    fields.setdefault("name", f"Alerts by {kind}")
    only = fields.pop("subscriptions", [])
    destination = AlertDestination(company=company, kind=kind, **fields)
    destinations.save_new(destination, url or "http://127.0.0.1:9/alerts/s3cretpath")
    destination.subscriptions.set(only)
    return destination


def fails(subscription: Subscription, *, minutes: float = 6) -> None:
    now = timezone.now()
    EndpointHealth.objects.update_or_create(
        subscription=subscription,
        defaults={
            "window_began": now,
            "failing_since": now - timedelta(minutes=minutes),
            "last_failure_at": now,
            "last_failure": "The server answered 500.",
        },
    )


def is_well(subscription: Subscription) -> None:
    EndpointHealth.objects.filter(pk=subscription.pk).update(failing_since=None, last_success_at=timezone.now())
