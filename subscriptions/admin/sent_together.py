"""What went in the same request as a delivery, for its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse

from ..delivery import batching
from ..events import catalogue
from ..models import Attempt, Delivery

# Requests whose events are listed, the newest ones, and events of each; the log has the rest.
REQUESTS_LISTED = 5
OTHERS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Other:
    delivery: int
    type: str
    subject_id: str


Others = Mapping[UUID, Sequence[Other]]


def read(delivery: Delivery, attempts: Sequence[Attempt]) -> dict[UUID, list[Other]]:
    """The other deliveries of the newest requests in which it went with others."""
    requests = [attempt.batch for attempt in attempts if attempt.batch is not None][:REQUESTS_LISTED]
    found: dict[UUID, list[Other]] = {batch: [] for batch in requests}
    if requests:
        rows = (
            Attempt.objects.filter(batch__in=requests, delivery__subscription=delivery.subscription_id)
            .exclude(delivery=delivery.pk)
            .order_by("delivery_id")
            .values_list("batch", "delivery_id", "delivery__event__type", "delivery__event__subject_id")
        )
        for batch, pk, event_type, subject_id in rows:
            if batch is not None:
                found[batch].append(Other(pk, event_type, subject_id))
    return found


def context(attempt: Attempt, others: Others, names: Mapping[str, str]) -> dict[str, Any]:
    """For the template; the request of several is not the body of the one whose page this is."""
    if attempt.batch is None:
        return {}
    listed = others.get(attempt.batch)
    log = reverse("admin:subscriptions_delivery_changelist")
    return {
        "batch_url": f"{log}?since=all&q={batching.webhook_id(attempt.batch)}",
        "others": len(listed) if listed is not None else None,
        "other_links": [
            (
                reverse("admin:subscriptions_delivery_change", args=[one.delivery]),
                f"{catalogue.label(one.type)}: {names.get(one.subject_id) or one.subject_id}",
            )
            for one in (listed or ())[:OTHERS_SHOWN]
        ],
        "signed_prefix": "",
        "curl": "",
    }
