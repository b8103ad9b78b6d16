"""The log of deliveries, as tests read and write it."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from subscriptions.models import Attempt, Delivery

LIST = reverse("admin:subscriptions_delivery_changelist")


def url(delivery: Delivery, kind: str = "change") -> str:
    return reverse(f"admin:subscriptions_delivery_{kind}", args=[delivery.pk])


def put(delivery: Delivery, **fields) -> None:
    if fields.get("state", "pending") != "pending":
        fields.setdefault("due_at", None)
    Delivery.objects.filter(pk=delivery.pk).update(**fields)


def tried(delivery: Delivery, number: int = 1, **fields) -> Attempt:
    return Attempt.objects.create(
        delivery=delivery,
        number=number,
        outcome="failed",
        started_at=timezone.now(),
        duration_ms=15_003,
        url="http://127.0.0.1:9999/hooks",
        request_headers=[["webhook-id", delivery.event.webhook_id]],
        **fields,
    )


def found(client, **query) -> set[int]:
    return {row.pk for row in client.get(LIST, query).context["cl"].result_list}


def told(answer) -> str:
    return " ".join(str(message) for message in answer.context["messages"])
