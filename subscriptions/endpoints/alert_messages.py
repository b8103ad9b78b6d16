"""Alerts in words, and their way to the alert destinations of a company: deliveries to those with an endpoint, mails to
the others. All in the caller's transaction, so that an alert is sent if what it tells was noted, and only then."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse

from ..delivery import wakeup
from ..events.delivery_events import ALERT_GIVEN_UP, DISABLED, FAILING, News
from ..events.versions import DEFAULT
from ..lib import chat
from ..lib.chat import Fact, Link, Message
from ..models import AlertDestination, Company, Delivery, Event, EventBody, Subscription
from . import alert_mails, damping, event_writing
from .event_writing import Item

Alert, Kind = AlertDestination.Alert, AlertDestination.Kind
ALERTS = {damping.WELL: Alert.RECOVERED, damping.FAILING: Alert.FAILING, damping.DISABLED: Alert.DISABLED}
BUILDERS: dict[str, Callable[[Message], bytes]] = {
    Kind.SLACK: chat.slack,
    Kind.TEAMS: chat.teams,
    Kind.GOOGLE_CHAT: chat.google_chat,
}


class _Whole(NamedTuple):
    """A company as what an alert is about."""

    resource_id: str
    company_id: int


def in_words(moment: datetime, time_zone: str) -> str:
    """`30 November, 09:41`, in the company's time zone."""
    local = moment.astimezone(ZoneInfo(time_zone))
    return f"{local.day} {local:%B}, {local:%H:%M}"


def home_link() -> str:
    return settings.PUBLIC_URL + reverse("admin:index")


def of_news(news: News) -> Message:
    name = news.subscription_name
    often = f" It has failed {news.times_failed} times since the last alert." if news.times_failed > 1 else ""
    since = in_words(news.since, news.time_zone) if news.since else ""
    facts = [Fact("Company", news.company_name), Fact("Last answer", news.reason)]
    links = [Link("Open the subscription", news.link)]
    if news.type == FAILING:
        line = f"Nothing has arrived since {since}. Callhooks keeps trying; nothing is lost.{often}"
        return Message(f"Webhooks to {name} are failing", [line], facts, links)
    if news.type == DISABLED:
        line = f"{news.reason} New webhooks are held, not sent, until somebody resumes the subscription."
        return Message(f"Webhooks to {name} have been disabled", [line], facts[:1], links)
    line = f"The server accepts webhooks again. It had failed since {since}." if since else "They arrive again."
    return Message(f"Webhooks to {name} arrive again", [f"{line}{often} What waited is sent now."], facts[:1], links)


def tell_given_up(subscription: Subscription, number: int, reason: str) -> None:
    """One alert about all webhooks of a subscription that were given up since the last one."""
    what = "a webhook" if number == 1 else f"{number:,} webhooks"
    log = reverse("admin:subscriptions_delivery_changelist")
    message = Message(
        f"We stopped trying {what} to {subscription.name}",
        ["All attempts failed. Nothing is sent again by itself: fix the cause, then send them again from the log."],
        [Fact("Company", subscription.company.name), Fact("Last answer", reason)],
        [Link("Open the log", f"{settings.PUBLIC_URL}{log}?subscription={subscription.pk}&since=all&state=failed")],
    )
    facts = {"subscription": subscription.resource_id, "subscription_name": subscription.name, "number": number}
    publish(subscription.company, ALERT_GIVEN_UP, Alert.GIVEN_UP, facts, message, subscription=subscription)


def publish(
    company: Company,
    event_type: str,
    alert: str,
    facts: dict[str, Any],
    message: Message,
    *,
    subscription: Subscription | None = None,
    only: AlertDestination | None = None,
) -> UUID:
    """An event that only alert destinations get: those that want it, or `only` one. Returns its id. Call it in a
    transaction."""
    body = {
        "type": event_type,
        "company_resource_id": company.resource_id,
        "company_name": company.name,
        **facts,
        "title": message.title,
        "text": chat.plain(message),
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    about = subscription or _Whole(company.resource_id, company.pk)
    (event,) = event_writing.write([Item(about, event_type, text, company.resource_id, company.name, home_link())])
    destinations = [only] if only is not None else find(company, alert, subscription)
    _deliver(event.id, event_type, destinations, message)
    return event.id


def send(event: UUID, event_type: str, subscription: Subscription, alert: str, message: Message) -> None:
    """Send an event about a subscription, which is written already, to the destinations that want it too."""
    _deliver(event, event_type, find(subscription.company, alert, subscription), message)


def find(company: Company, alert: str, subscription: Subscription | None = None) -> list[AlertDestination]:
    """The company's destinations that want such an alert of this subscription."""
    rows = company.alert_destinations.filter(active=True, alerts__contains=[alert]).exclude(
        member__user__is_active=False
    )
    if subscription is not None:
        through = AlertDestination.subscriptions.through.objects.filter(alertdestination=OuterRef("pk"))
        chosen = through.filter(subscription=subscription.pk)
        rows = rows.filter(Q(Exists(chosen)) | ~Exists(through))
    return list(rows.select_related("endpoint", "company", "member__user").defer("endpoint__secret").order_by("pk"))


def _deliver(event: UUID, event_type: str, destinations: Iterable[AlertDestination], message: Message) -> None:
    every = list(destinations)
    to_send = [one for one in every if one.endpoint is not None and one.endpoint.state == Subscription.State.ACTIVE]
    built = {one.kind: BUILDERS[one.kind](message) for one in to_send if one.kind in BUILDERS}
    EventBody.objects.bulk_create(EventBody(event_id=event, version=kind, body=body) for kind, body in built.items())
    Delivery.objects.bulk_create(
        Delivery(
            company_id=one.company_id,
            event_id=event,
            subscription=one.endpoint,
            payload_version=one.kind if one.kind in BUILDERS else DEFAULT,
            stage=Delivery.Stage.AVAILABLE,
            due_at=Now(),
        )
        for one in to_send
    )
    if to_send:
        Event.objects.filter(pk=event).update(fan_out=F("fan_out") + len(to_send))
        wakeup.after_commit({one.company_id for one in to_send})
    alert_mails.send([one for one in every if one.kind == Kind.MAIL], event_type, message)
