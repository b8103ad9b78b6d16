"""What became of the webhooks of the month. In the transaction that publishes them, events are moved to the time of
their subject and their deliveries are finished, so no drain ever sees them; what the failing subscription has not
accepted waits for a time to come."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from subscriptions.models import Attempt, Delivery, EndpointHealth, Event, Subscription

REFUSED = "Login required (401)"
TRIED_AGAIN = 0.006  # of webhooks to a healthy subscription: a short trouble, delivered at the second try
RETRY_AFTER = timedelta(minutes=27)
BATCH = 100  # a statement names each row in each column: its cost grows with the square
BEGAN = timedelta(hours=2, minutes=40)  # ago: the failing one refuses everything since


@dataclass(frozen=True)
class Fate:
    """Of a subscription: `failing_since` is None for a healthy one. `typical_ms`: until its server answers."""

    subscription: Subscription
    typical_ms: int
    answer: int
    failing_since: datetime | None = None


def finish(
    company: int, after: int, moments: Mapping[str, datetime], fates: Sequence[Fate], now: datetime, rng: random.Random
) -> None:
    """All deliveries of the company with an id above `after`. `moments`: by the subject's resource id."""
    by_subscription = {fate.subscription.pk: fate for fate in fates}
    deliveries = list(
        Delivery.objects.filter(company=company, pk__gt=after)
        .select_related("event")
        .defer("event__body")
        .order_by("pk")
    )
    attempts: list[Attempt] = []
    for delivery in deliveries:
        moment = moments[delivery.event.subject_id]
        delivery.event.created_at = delivery.created_at = moment
        attempts += _attempts(delivery, by_subscription[delivery.subscription_id], moment, now, rng)
    events = {delivery.event_id: delivery.event for delivery in deliveries}
    Event.objects.bulk_update(events.values(), ["created_at"], batch_size=BATCH)
    changed = ["created_at", "state", "stage", "attempts", "due_at", "finished_at", "status_code", "reason", "lane"]
    Delivery.objects.bulk_update(deliveries, changed, batch_size=BATCH)
    Attempt.objects.bulk_create(attempts)


def _attempts(delivery: Delivery, fate: Fate, moment: datetime, now: datetime, rng: random.Random) -> list[Attempt]:
    took = max(20, int(rng.lognormvariate(0, 0.35) * fate.typical_ms))
    started = moment + timedelta(milliseconds=rng.randrange(30, 90))
    if fate.failing_since is not None and moment >= fate.failing_since:
        tries = [started, *(started + timedelta(minutes=wait) for wait in (1, 6, 36))]
        tries = [one for one in tries if one < now]
        delivery.due_at, delivery.lane = now + RETRY_AFTER, Delivery.Lane.LATE
        delivery.stage, delivery.attempts = Delivery.Stage.SCHEDULED, len(tries)
        delivery.status_code, delivery.reason = 401, REFUSED
        return [_attempt(delivery, fate, number, one, took, 401) for number, one in enumerate(tries, 1)]
    again = rng.random() < TRIED_AGAIN
    made = []
    if again:
        made.append(_attempt(delivery, fate, 1, started, took, 503))
        started += timedelta(seconds=62)
    made.append(_attempt(delivery, fate, len(made) + 1, started, took, fate.answer))
    delivery.state, delivery.due_at, delivery.stage = Delivery.State.DELIVERED, None, Delivery.Stage.SCHEDULED
    delivery.attempts, delivery.status_code = len(made), fate.answer
    delivery.finished_at = started + timedelta(milliseconds=took)
    return made


def _attempt(delivery: Delivery, fate: Fate, number: int, at: datetime, took: int, status: int) -> Attempt:
    good = status < 300
    said: Any = b"" if status == 204 else b'{"ok":true}' if good else b'{"error":"login required"}'
    return Attempt(
        delivery=delivery, number=number, started_at=at, duration_ms=took, url=fate.subscription.url,
        outcome=Attempt.Outcome.DELIVERED if good else Attempt.Outcome.FAILED, status_code=status, response_body=said,
        request_headers=[["content-type", "application/json"], ["webhook-id", delivery.event.webhook_id]],
        message="" if good else REFUSED if status == 401 else "Service unavailable (503)",
    )  # fmt: skip


def note_health(fates: Sequence[Fate], now: datetime) -> None:
    """How each endpoint has been answering, as its newest attempt says."""
    for fate in fates:
        newest = Attempt.objects.filter(delivery__subscription=fate.subscription)
        good = newest.filter(outcome=Attempt.Outcome.DELIVERED).order_by("-started_at").first()
        bad = newest.filter(outcome=Attempt.Outcome.FAILED).order_by("-started_at").first()
        failing = fate.failing_since is not None
        EndpointHealth.objects.update_or_create(
            subscription=fate.subscription,
            defaults={
                "window_began": now,
                "last_success_at": good and good.started_at,
                "last_failure_at": bad and bad.started_at,
                "last_failure": bad.message if bad else "",
                "failing_since": fate.failing_since,
                "opened": 3 if failing else 0,
                "open_until": now + RETRY_AFTER if failing else None,
                # Nobody is told by mail of what is invented.
                "told_owner_at": now if failing else None,
            },
        )
