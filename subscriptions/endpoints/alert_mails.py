"""Alerts by mail: written into the queue of mails (`tenancy/mails.py`) in the transaction of the alert.

Only members of the company get them: an address of nobody would be a way to send strangers mail. Whoever gets the mails
of `alerts.py` about failing and disabled subscriptions gets no second one about the same."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse

from ..events.delivery_events import DISABLED, FAILING
from ..lib import chat
from ..lib.chat import Message
from ..models import AlertDestination, Company, MailRequest
from ..tenancy import audit_log
from . import alerts, summary_times

logger = logging.getLogger(__name__)

SALT = "subscriptions.alert-destination-mails"
# Alerts by mail in an hour, of a company: one that disables and resumes subscriptions by a program must not fill its
# members' mailboxes, nor the queue in which the mails of all companies wait.
MOST_IN_AN_HOUR = 100
LAST_ONE = "These are many emails for an hour: the next alerts come to chats and webhooks only, for a while."


def send(destinations: Iterable[AlertDestination], event_type: str, message: Message) -> None:
    every = list(destinations)
    if not every:
        return
    company = every[0].company
    left = room(company)
    told = {member.user.email.lower() for member in alerts.to_tell(company)}
    also_told = event_type in (FAILING, DISABLED)
    wanted = [one for one in every if not (also_told and one.email.lower() in told)]
    text = chat.plain(message)
    if len(wanted) >= left:
        logger.warning("%s: %s alerts by mail in an hour, the most there may be.", company.resource_id, MOST_IN_AN_HOUR)
        text = f"{text}\n\n{LAST_ONE}"
    MailRequest.objects.bulk_create(
        MailRequest(
            kind=MailRequest.Kind.ALERT,
            email=one.email,
            destination=one,
            company=company,
            subject=" ".join(message.title.split())[:300],
            text=text,
        )
        for one in wanted[:left]
    )


def room(company: Company) -> int:
    """How many alerts by mail the company may have now."""
    lately = MailRequest.objects.filter(company=company, created_at__gt=Now() - timedelta(hours=1))
    return max(0, MOST_IN_AN_HOUR - lately.count())


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
        destination.active = wanted
        changed = (
            AlertDestination.objects.filter(pk=destination.pk)
            .exclude(active=wanted)
            .update(active=wanted, summary_due_at=summary_times.next_due(destination))
        )
        if changed:
            act = "Turned on" if wanted else "Turned off"
            actor = audit_log.Actor(destination.email)
            audit_log.record(actor, act, destination, detail="By the link in an alert email.")
