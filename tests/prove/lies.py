"""A receiver that drops, doubles, alters and reorders some of what it gets, and whether each lie is found."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from calls.models import Call
from calls.selectors import read_for_webhooks
from docs.verify import reconcile
from subscriptions.events.publishing import Publisher
from subscriptions.feed.manifests import making
from subscriptions.models import Delivery, Subscription

TYPES = ("pre_call", "call_routing_complete", "post_call")  # of each call, in this order
CALLS_AT_ONCE = 250
SHARE = 0.01  # of the events, for each kind of lie

# Yesterday's, so that their day is over.
_DELIVERED = """
UPDATE subscriptions_delivery
   SET state = 'delivered', due_at = NULL, stage = 0, attempts = 1, finished_at = now(),
       created_at = created_at - interval '1 day'
 WHERE subscription_id = %s
"""


@dataclass(slots=True)
class Told:
    """What the receiver did to which events; of each reordered pair, either may be blamed."""

    dropped: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    altered: set[str] = field(default_factory=set)
    swapped: list[tuple[str, str]] = field(default_factory=list)


def publish(subscription: Subscription, tracker: Any, events: int) -> None:
    """Publish so many events, some hundred in a transaction, as an import does; all of them count as delivered."""
    left = -(-events // len(TYPES))
    while left:
        number = min(left, CALLS_AT_ONCE)
        with transaction.atomic():
            made = Call.objects.bulk_create(
                Call(
                    company=subscription.company,
                    tracker=tracker,
                    customer_phone_number="+12145550123",
                    start_time=timezone.now(),
                )
                for _ in range(number)
            )
            calls = read_for_webhooks([call.pk for call in made])
            with Publisher("call", calls) as publisher:
                for call in calls:
                    for kind in TYPES:
                        publisher.publish(kind, call)
        left -= number
    with connection.cursor() as cursor:
        cursor.execute(_DELIVERED, [subscription.pk])


def make_manifests(subscription: Subscription) -> list[str]:
    """The days that have one."""
    first, last = (
        Delivery.objects.filter(subscription=subscription).order_by(order).values_list("created_at", flat=True)[0]
        for order in ("created_at", "-created_at")
    )
    day, days = first.astimezone(UTC).date(), []
    while datetime.combine(day, datetime.min.time(), tzinfo=UTC) <= last:
        making.make(subscription, day)
        days.append(day.isoformat())
        day += timedelta(days=1)
    return days


def service(api: APIClient) -> reconcile.Service:
    """The API without a socket between."""

    def ask(method: str, path: str, body: Any = None) -> tuple[bytes, dict[str, str]]:
        answer: Any = getattr(api, method.lower())(f"/api/v1/{path}", body)
        if answer.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.content.decode()}")
        return answer.content, {name.lower(): value for name, value in answer.headers.items()}

    return reconcile.Service("", "", ask)


def receive(events: Iterable[dict[str, Any]], seed: int) -> tuple[reconcile.Records, Told]:
    """What a lying receiver has of these events, which come in order, and what it did."""
    honest = [(event["id"], event["subject"], _digest(event["body"])) for event in events]
    chance, told = random.Random(seed), Told()
    free = list(range(len(honest)))
    chance.shuffle(free)
    each = max(1, int(len(honest) * SHARE))
    touched: set[int] = set()

    def take(count: int, wide: int = 1) -> list[int]:
        """So many places that no other lie is about, each with the one behind it if it is to be `wide`."""
        taken: list[int] = []
        while len(taken) < count:
            place = free.pop()
            span = set(range(place, place + wide))
            alike = place + wide <= len(honest) and len({honest[at][1] for at in span}) == 1
            if alike and not span & touched:
                touched.update(span)
                taken.append(place)
        return taken

    for place in take(each, wide=2):
        told.swapped.append((honest[place][0], honest[place + 1][0]))
        honest[place], honest[place + 1] = honest[place + 1], honest[place]
    dropped, doubled, altered = set(take(each)), set(take(each)), set(take(each))
    records = reconcile.Records()
    for place, (event_id, _, digest) in enumerate(honest):
        if place in dropped:
            told.dropped.add(event_id)
            continue
        if place in altered:
            told.altered.add(event_id)
            digest = _digest(digest)
        records.add(event_id, digest)
        if place in doubled:
            told.doubled.add(event_id)
            records.add(event_id, digest)
    return records, told


def faults(found: reconcile.Findings, told: Told) -> list[str]:
    """In words, what was missed and who was wrongly accused; empty if every lie was found and nothing else."""
    wrong = []
    for name, lied in (("lacking", told.dropped), ("doubled", told.doubled), ("altered", told.altered)):
        said = set(getattr(found, name))
        if said != lied or len(getattr(found, name)) != len(said):
            wrong.append(f"{name}: {len(lied - said)} missed, {len(said - lied)} wrongly accused")
    blamed = set(found.reordered)
    missed = sum(len(blamed & set(pair)) != 1 for pair in told.swapped)
    innocent = blamed - {event_id for pair in told.swapped for event_id in pair}
    if missed or innocent:
        wrong.append(f"reordered: {missed} missed, {len(innocent)} wrongly accused")
    if found.unlisted or found.undelivered:
        wrong.append(f"{len(found.unlisted)} unlisted and {len(found.undelivered)} undelivered, and there are none")
    return wrong


def compare_both(api: APIClient, subscription: Subscription, days: Sequence[str], seed: int) -> dict[str, Any]:
    """Lie, and look for the lies by manifest and by feed: `(findings, faults)` by the name of the way, and `told`."""
    asked = service(api)
    records, told = receive(asked.feed(subscription.resource_id), seed)
    by_manifest = reconcile.compare(asked.chained(subscription.resource_id, days, subscription.secret), records)
    by_feed = reconcile.compare(map(reconcile.entry_of, asked.feed(subscription.resource_id)), records, True)
    ways = {"manifests": by_manifest, "feed": by_feed}
    return {"told": told, **{name: (found, faults(found, told)) for name, found in ways.items()}}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
