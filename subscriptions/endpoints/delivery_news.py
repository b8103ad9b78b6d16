"""Publishes events about delivery: to the subscriptions that ask for them, and to alert destinations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from ..events import catalogue
from ..events.delivery_events import GIVEN_UP, News, Told
from ..models import Subscription
from . import alert_messages, event_writing
from .event_writing import Item

MOST_AT_ONCE = 200  # deliveries that were given up, in one transaction

_TAKE_GIVEN_UP = """
WITH taken AS (
    DELETE FROM subscriptions_givenupdelivery
     WHERE delivery_id = ANY (ARRAY(SELECT delivery_id FROM subscriptions_givenupdelivery
                                     ORDER BY delivery_id LIMIT %s FOR UPDATE SKIP LOCKED))
    RETURNING delivery_id
)
SELECT d.id, d.subscription_id, d.attempts, d.status_code, d.reason, coalesce(d.finished_at, clock_timestamp()),
       e.id, e.type, e.subject_id, e.sequence, e.created_at
  FROM taken
  JOIN subscriptions_delivery d ON d.id = taken.delivery_id AND d.state = 'failed'
  JOIN subscriptions_event e ON e.id = d.event_id
 ORDER BY d.id
"""
# To be told in one alert with others; the sweep does that.
_COUNT_FOR_ALERTS = """
INSERT INTO subscriptions_endpointnews (subscription_id, told, seen, given_up)
SELECT s.id, 'well', 'well', n.number
  FROM unnest(%s::bigint[], %s::int[]) AS n (id, number)
  JOIN subscriptions_subscription s ON s.id = n.id AND NOT s.for_alerts
 WHERE EXISTS (SELECT FROM subscriptions_alertdestination a
                WHERE a.company_id = s.company_id AND a.active AND 'given_up' = ANY (a.alerts))
 ORDER BY s.id
    ON CONFLICT (subscription_id) DO UPDATE SET given_up = subscriptions_endpointnews.given_up + excluded.given_up
"""


def about(subscription: Subscription, event_type: str, *, at: datetime, reason: str, **more: Any) -> News:
    company = subscription.company
    return News(
        event_type,
        subscription.resource_id,
        company.pk,
        subscription.name,
        company.resource_id,
        company.name,
        company.time_zone,
        at,
        reason,
        more.pop("link", None) or _link("subscription", subscription.pk),
        **more,
    )


def publish(news: News, subscription: Subscription, *, alert: str) -> None:
    """One event, to subscriptions and to the destinations that want such an alert. Call it in a transaction."""
    (event,) = event_writing.write([_item(news)])
    alert_messages.send(event.id, event.type, subscription, alert, alert_messages.of_news(news))


def publish_given_up() -> int:
    """Publish an event for each delivery that was given up, and count them for alerts. Part of the drains'
    housekeeping. Returns how many there were."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_TAKE_GIVEN_UP, [MOST_AT_ONCE])
            rows = cursor.fetchall()
        if not rows:
            return 0
        about_these = Subscription.objects.filter(pk__in={row[1] for row in rows})
        subscriptions = {one.pk: one for one in about_these.select_related("company").defer(*Subscription.ENCRYPTED)}
        told = [row for row in rows if row[1] in subscriptions]
        event_writing.write([_item(_given_up(subscriptions[row[1]], row)) for row in told])
        with connection.cursor() as cursor:
            numbers = {pk: sum(row[1] == pk for row in told) for pk in sorted(subscriptions)}
            cursor.execute(_COUNT_FOR_ALERTS, [list(numbers), list(numbers.values())])
    return len(rows)


def _given_up(subscription: Subscription, row: Sequence[Any]) -> News:
    pk, _, attempts, status, reason, at, event, event_type, subject, sequence, created_at = row
    return about(
        subscription,
        GIVEN_UP,
        at=at,
        reason=reason,
        link=_link("delivery", pk),
        delivery=pk,
        attempts=attempts,
        status_code=status,
        event=Told(f"evt_{event.hex}", event_type, subject, sequence, created_at),
    )


def _item(news: News) -> Item:
    body = catalogue.build_body(catalogue.get(news.type), cast(Any, news))  # frozen, which the protocol is not
    return Item(news, news.type, body, news.company_resource_id, news.company_name, news.link)


def _link(page: str, pk: int) -> str:
    return settings.PUBLIC_URL + reverse(f"admin:subscriptions_{page}_change", args=[pk])
