"""Tells a subscription that its manifest of a day is made, if it asks for that event."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

from django.conf import settings
from django.urls import reverse

from ...endpoints import event_writing
from ...endpoints.event_writing import Item
from ...events import catalogue
from ...events.manifest_events import MANIFEST, ManifestNews
from ...models import Manifest, Subscription
from .documents import digest, signed_headers


def tell(manifest: Manifest, subscription: Subscription, outcomes: Counter[str], previous: Manifest | None) -> None:
    """Publish the event. Call it in the transaction that finishes the manifest."""
    if MANIFEST not in subscription.events or subscription.state == Subscription.State.ARCHIVED:
        return
    company = subscription.company
    address = f"/api/v1/subscriptions/{subscription.resource_id}/manifests/{manifest.day.isoformat()}/"
    news = ManifestNews(
        resource_id=subscription.resource_id,
        company_id=company.pk,
        subscription_name=subscription.name,
        company_resource_id=company.resource_id,
        company_name=company.name,
        time_zone=company.time_zone,
        day=manifest.day,
        number=manifest.number,
        events=manifest.events,
        outcomes=dict(sorted(outcomes.items())),
        sha256=digest(manifest),
        previous=None if previous is None else {"day": previous.day.isoformat(), "sha256": digest(previous)},
        signature=signed_headers(manifest, subscription),
        url=settings.PUBLIC_URL + address,
        link=settings.PUBLIC_URL + reverse("admin:subscriptions_subscription_manifests", args=[subscription.pk]),
        at=manifest.made_at,
    )
    body = catalogue.build_body(catalogue.get(MANIFEST), cast(Any, news))  # frozen, which the protocol is not
    event_writing.write([Item(news, MANIFEST, body, company.resource_id, company.name, news.link)])
