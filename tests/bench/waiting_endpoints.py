"""Endpoints that wait for a retry, by the hundred thousand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.bench import fixtures
from tests.bench.copies import Copies, highest, renumber, resource_id

if TYPE_CHECKING:
    from subscriptions.models import Delivery, EndpointHealth, Subscription

COMPANIES = 2000
PORT_NOBODY_LISTENS_ON = 9


def fill(number: int) -> None:
    """Of up to 2,000 companies, each endpoint with one webhook that failed once. Every second one waits until tomorrow;
    of the others the webhook is due, and the breaker is open until tomorrow: the engine has still to find that out."""
    from django.db import connection, transaction

    from subscriptions.models import Company, Delivery, EndpointHealth, Event, Subscription

    companies = min(COMPANIES, number)
    subscription, delivery, health = _first()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        copies = Copies({})
        company, hook = highest(Company), highest(Subscription)
        copies.make(
            Company, subscription.company_id, companies, "w", id=f"{company} + n", resource_id=resource_id("ACC")
        )
        copies.make(Subscription, subscription.pk, number, "w", id=f"{hook} + n", resource_id=resource_id("SUB"),
                    company_id=f"{company} + 1 + (n - 1) %% {companies}")  # fmt: skip
        event = "(substr(md5('event' || {}::text), 1, 32))::uuid"
        copies.make(Event, delivery.event_id, companies, "w", id=event.format("n"), company_id=f"{company} + n",
                    subject_id=resource_id("CAL"))  # fmt: skip
        copies.make(Delivery, delivery.pk, number, "w", company_id=f"{company} + 1 + (n - 1) %% {companies}",
                    event_id=event.format(f"(1 + (n - 1) %% {companies})"), subscription_id=f"{hook} + n",
                    stage=f"CASE n %% 2 WHEN 1 THEN {Delivery.Stage.SCHEDULED} ELSE {Delivery.Stage.AVAILABLE} END",
                    due_at="now() + CASE n %% 2 WHEN 1 THEN interval '1 day' ELSE interval '-1 min' END")  # fmt: skip
        copies.make(EndpointHealth, health.pk, number // 2, "w", subscription_id=f"{hook} + 2 * n")
        renumber(Company, Subscription)
    delivery.delete()
    health.delete()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def nothing_available() -> bool:
    """Whether the engine has put aside all that cannot be sent."""
    from subscriptions.models import Delivery

    return not Delivery.objects.filter(state=Delivery.State.PENDING, stage=Delivery.Stage.AVAILABLE).exists()


def _first() -> tuple[Subscription, Delivery, EndpointHealth]:
    """The rows that the others are copies of."""
    from django.utils import timezone

    from subscriptions.models import Delivery, EndpointHealth, Subscription

    now = timezone.now()
    owner = fixtures.company()
    fixtures.subscribe(owner, [f"http://127.0.0.1:{PORT_NOBODY_LISTENS_ON}/hooks"], "pre_call")
    fixtures.ringing_call(owner, fixtures.tracker(owner)).save()
    subscription = Subscription.objects.get(company=owner)
    delivery = Delivery.objects.get(subscription=subscription)
    delivery.attempts, delivery.lane, delivery.status_code = 1, Delivery.Lane.LATE, 500
    delivery.due_at = now + timedelta(days=1)
    delivery.save()
    health = EndpointHealth.objects.create(
        subscription=subscription, window_began=now, window_bad=5, opened=1, open_until=now + timedelta(days=1),
        last_failure_at=now, last_failure="The server answered 500.", failing_since=now, told_owner_at=now,
    )  # fmt: skip
    return subscription, delivery, health
