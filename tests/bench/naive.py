"""The ordinary way, to compare with: one django-q2 task for each delivery, `requests.post`, an attempt row.

Written as one would write it from the documentation of both: no engine of ours in it but the models and the headers.
"""

from __future__ import annotations

import time

import requests
from django.db import transaction
from django.utils import timezone
from django_q import signals
from django_q.tasks import async_task

from callhooks_site.version import NAME, VERSION
from subscriptions.delivery.signing import delivery_headers

DELIVER = "tests.bench.naive.deliver"
TIMEOUTS = (5, 15)


def deliver(delivery_id: int) -> None:
    """The task."""
    from subscriptions.models import Attempt, Delivery

    delivery = Delivery.objects.select_related("event", "subscription", "company").get(pk=delivery_id)
    delivery.attempts += 1
    body = bytes(delivery.event.body)
    started_at = timezone.now()
    headers = delivery_headers(
        body,
        user_agent=f"{NAME}/{VERSION}",
        webhook_id=delivery.event.webhook_id,
        event_type=delivery.event.type,
        sequence=delivery.event.sequence,
        attempt=delivery.attempts,
        timestamp=int(started_at.timestamp()),
        signing_key=delivery.company.signing_key,
        secrets=delivery.subscription.secrets,
    )
    response = requests.post(delivery.subscription.url, data=body, headers=headers, timeout=TIMEOUTS)
    response.raise_for_status()
    Attempt.objects.create(
        delivery=delivery,
        number=delivery.attempts,
        outcome=Attempt.Outcome.DELIVERED,
        started_at=started_at,
        duration_ms=round(response.elapsed.total_seconds() * 1000),
        url=delivery.subscription.url,
        request_headers=list(headers.items()),
        status_code=response.status_code,
        response_headers=list(response.headers.items()),
        response_body=response.content[:16384],
    )
    delivery.state, delivery.due_at = Delivery.State.DELIVERED, None
    delivery.status_code, delivery.finished_at = response.status_code, timezone.now()
    delivery.save(update_fields=["state", "due_at", "attempts", "status_code", "finished_at"])


def publish(subscriptions: list[int], number: int, body: bytes) -> float:
    """Events with a delivery and a task for each, in one transaction. Returns when its COMMIT began."""
    from subscriptions.models import Delivery, Event, Subscription

    with transaction.atomic():
        for position in range(number):
            subscription = Subscription.objects.get(pk=subscriptions[position % len(subscriptions)])
            event = Event.objects.create(
                company_id=subscription.company_id,
                type="post_call",
                subject_id=f"CAL{time.monotonic_ns():032x}",
                sequence=1,
                body=body,
            )
            delivery = Delivery.objects.create(
                company_id=subscription.company_id, event=event, subscription=subscription, due_at=timezone.now()
            )
            async_task(DELIVER, delivery.pk)
        return time.monotonic()


def without_the_engine() -> None:
    """In this process tasks run, and none of the engine's signals."""
    for signal in (signals.post_spawn, signals.pre_execute, signals.post_execute_in_worker, signals.post_execute):
        for ours in ("callhooks drains", "callhooks heartbeat"):
            signal.disconnect(dispatch_uid=ours)
