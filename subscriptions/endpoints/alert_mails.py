"""Alerts by mail: written into the queue of mails (`tenancy/mails.py`) in the transaction of the alert.

Only members of the company get them: an address of nobody would be a way to send strangers mail. Whoever gets the mails
of `alerts.py` about failing and disabled subscriptions gets no second one about the same."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from ..events.delivery_events import DISABLED, FAILING
from ..lib import chat
from ..lib.chat import Message
from ..models import AlertDestination, Company, MailRequest
from ..tenancy import audit_log
from . import alerts

SALT = "subscriptions.alert-destination-mails"


def send(destinations: Iterable[AlertDestination], event_type: str, message: Message) -> None:
    every = list(destinations)
    if not every:
        return
    told = {member.user.email.lower() for member in alerts.to_tell(every[0].company)}
    also_told = event_type in (FAILING, DISABLED)
    MailRequest.objects.bulk_create(
        MailRequest(
            kind=MailRequest.Kind.ALERT,
            email=one.email,
            destination=one,
            subject=" ".join(message.title.split())[:300],
            text=chat.plain(message),
        )
        for one in every
        if not (also_told and one.email.lower() in told)
    )


def send_requested(request: MailRequest) -> None:
    """The mail of a request. None to an address that is no member's any more, or that was turned off meanwhile."""
    destination = request.destination
    if destination is None or not destination.active or not is_member(destination.company, destination.email):
        return
    stop = settings.PUBLIC_URL + reverse("admin:unsubscribe", args=[signing.dumps(destination.pk, salt=SALT)])
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    text = f"{request.text}\n\nNo more alerts to “{destination.name}”: {stop}\n"
    EmailMessage(request.subject, text, None, [destination.email], headers=headers).send()


def is_member(company: Company, email: str) -> bool:
    return bool(email) and company.memberships.filter(user__email__iexact=email, user__is_active=True).exists()


def destination_of(token: str) -> AlertDestination | None:
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return AlertDestination.objects.select_related("company").filter(pk=pk).first()


def wish_mails(destination: AlertDestination, *, wanted: bool) -> None:
    """By the link of a mail; it stands in the audit log."""
    with transaction.atomic():
        changed = AlertDestination.objects.filter(pk=destination.pk).exclude(active=wanted).update(active=wanted)
        if changed:
            act = "Turned on" if wanted else "Turned off"
            actor = audit_log.Actor(destination.email)
            audit_log.record(actor, act, destination, detail="By the link in an alert email.")
    destination.active = wanted
