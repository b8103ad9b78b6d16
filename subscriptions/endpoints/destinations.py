"""Alert destinations: made, changed, tried and removed. The admin and the API call these functions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.db.models.signals import post_delete

from ..events.delivery_events import ALERT_TEST
from ..lib.chat import Fact, Link, Message
from ..lib.errors import ActionRefused
from ..models import AlertDestination, Company, EndpointHealth, MailRequest, Membership, Subscription
from . import alert_mails, alert_messages, chat_urls, operations, summary_times
from .rules import validate_url

Kind = AlertDestination.Kind
# Each alert is a message to all of them.
MOST_OF_COMPANY, MOST_OF_PERSON = 20, 5
MOST_TEST_MAILS = 10  # in an hour, to one destination


def checked_url(kind: str, url: str) -> str:
    """The URL as requests use it. Raises ValueError with words that say what to change."""
    if kind == Kind.MAIL:
        return ""
    if not url.strip():
        raise ValueError("Paste the webhook's URL.")
    chat_urls.refuse_page(kind, url.strip())
    return validate_url(url.strip())


def checked_email(kind: str, email: str, company: Company) -> str:
    """Raises ValueError. Only members: an address of nobody would be a way to send strangers mail."""
    if kind != Kind.MAIL:
        return ""
    if not alert_mails.is_member(company, email):
        raise ValueError("This is no member's address. Invite the person first; a viewer's role is enough.")
    return email


def check_limit(company: Company, member: Membership | None) -> None:
    """Raises ActionRefused. Locks the company's row until the transaction ends, so that two at once are counted."""
    Company.objects.select_for_update(no_key=True).filter(pk=company.pk).values_list("pk").first()
    mine = AlertDestination.objects.filter(company=company, member=member)
    most = MOST_OF_COMPANY if member is None else MOST_OF_PERSON
    if mine.count() >= most:
        whose = "The company has" if member is None else "You have"
        raise ActionRefused(f"{whose} {most} alert destinations, the most there may be. Remove one first.")


def save_new(destination: AlertDestination, url: str) -> None:
    """Save a new destination; `url` is checked. Raises ActionRefused."""
    with transaction.atomic():
        check_limit(destination.company, destination.member)
        if destination.kind != Kind.MAIL:
            destination.endpoint = Subscription.with_alerts.create(
                company=destination.company,
                name=destination.name,
                url=chat_urls.shown(url),
                secret_url=url,
                events=[],
                for_alerts=True,
            )
        destination.summary_due_at = summary_times.next_due(destination)
        destination.save()
        if not destination.active:
            turn(destination, on=False)


def save_changed(destination: AlertDestination, url: str | None) -> None:
    """Save a changed one; `url`: a new one, checked, or None."""
    with transaction.atomic():
        destination.summary_due_at = summary_times.next_due(destination)
        destination.save()
        endpoint = destination.endpoint
        if endpoint is None:
            return
        changes: dict[str, Any] = {"name": destination.name}
        if url is not None:
            changes |= {"url": chat_urls.shown(url), "secret_url": url}
        for name, value in changes.items():
            setattr(endpoint, name, value)
        endpoint.save(update_fields=[*changes, "updated_at"])
        if url is not None:
            EndpointHealth.objects.forget(endpoint.pk)
        turn(destination, on=destination.active)


def turn(destination: AlertDestination, *, on: bool) -> None:
    """On or off. What waited while it was off is dropped: nobody wants yesterday's alerts."""
    with transaction.atomic():
        destination.active = on
        destination.summary_due_at = summary_times.next_due(destination)
        AlertDestination.objects.filter(pk=destination.pk).update(active=on, summary_due_at=destination.summary_due_at)
        endpoint = destination.endpoint
        if endpoint is None or (endpoint.state == Subscription.State.ACTIVE) == on:
            return
        if on:
            operations.resume(endpoint, send_held=False)
        else:
            operations.pause(endpoint)


def send_test(destination: AlertDestination) -> None:
    """A message that says that it is a test. Raises ActionRefused."""
    if not destination.active or (destination.endpoint is not None and destination.endpoint.state != "active"):
        raise ActionRefused("It is off, so nothing is sent to it. Turn it on first.")
    if destination.kind == Kind.MAIL:
        lately = MailRequest.objects.filter(destination=destination, created_at__gt=Now() - timedelta(hours=1))
        if lately.count() >= MOST_TEST_MAILS or not alert_mails.room(destination.company):
            raise ActionRefused("This address got many emails in the last hour. Try again later.")
    message = Message(
        "A test alert from Callhooks",
        ["If you can read this, alerts arrive here. Nothing is wrong."],
        [Fact("Company", destination.company.name), Fact("Destination", destination.name)],
        [Link("Open Callhooks", alert_messages.home_link())],
    )
    with transaction.atomic():
        facts = {"destination": destination.resource_id, "destination_name": destination.name}
        alert_messages.publish(destination.company, ALERT_TEST, "", facts, message, only=destination)


def remove(destination: AlertDestination) -> None:
    """Its log stays, under the name that it had."""
    destination.delete()


def connect() -> None:
    """However a destination goes, with its member too, nothing more is sent to its endpoint."""
    post_delete.connect(_archive, sender=AlertDestination, dispatch_uid="alert destination")


def _archive(instance: AlertDestination, **_: Any) -> None:
    if instance.endpoint_id is None:
        return
    endpoint = Subscription.with_alerts.filter(pk=instance.endpoint_id).defer(*Subscription.ENCRYPTED).first()
    if endpoint is not None:
        operations.archive(endpoint)
