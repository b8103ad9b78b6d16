"""Telling owners by mail that their endpoint fails, will be disabled, or was: once for each, not once for every event.
An endpoint that fails and recovers in turns is worth one mail in six hours, and one that somebody looks after none:
only the warning before it is disabled.

A mail that cannot be sent is tried again by the next sweep: what has been told is noted only when it was.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from ..delivery import endpoint_health
from ..models import AlertDestination, Company, EndpointHealth, Membership, ServiceOutage, Subscription
from ..tenancy import audit_log
from . import issues

logger = logging.getLogger(__name__)

MAILS_PER_SWEEP = 100
MOST_DISABLED = 1000  # in a sweep
SECONDS_BETWEEN = 6 * 3600.0  # two mails about one endpoint that fails again
SALT = "subscriptions.alert-mails"


def disable_hopeless() -> int:
    """Disable active subscriptions whose endpoint has only failed for the days of the setting, and whose owners were
    warned in time. Returns how many; none while an outage of our own lasts."""
    if ServiceOutage.objects.filter(ongoing=True).exists():
        return 0
    days = settings.ENDPOINT_DISABLE_DAYS
    hopeless = _hopeless(timedelta(days=days)).filter(
        told_warning_at__lt=Now() - warning_time(), told_warning_at__gt=F("failing_since")
    )
    reason = f"Nothing arrived for {days:g} days."
    disabled = endpoint_health.disable(hopeless.values_list("pk", flat=True)[:MOST_DISABLED], reason)
    for subscription in Subscription.with_alerts.filter(pk__in=disabled).defer(*Subscription.ENCRYPTED):
        audit_log.record(audit_log.SERVICE, "Disabled", subscription, detail=reason)
    return len(disabled)


def warning_time() -> timedelta:
    """How long before it is switched off a subscription's owners are warned: a day, or a fifth of a shorter setting."""
    return min(timedelta(days=1), timedelta(days=settings.ENDPOINT_DISABLE_DAYS) / 5)


def _hopeless(period: timedelta) -> QuerySet[EndpointHealth]:
    """Endpoints that have only failed for `period`, and on most of the days of the setting. Two failures with days of
    silence between them are no reason, nor are failures long ago: the last must be a day old at most."""
    return EndpointHealth.objects.filter(
        subscription__state=Subscription.State.ACTIVE,
        failing_since__lt=Now() - period,
        failing_days__gt=settings.ENDPOINT_DISABLE_DAYS / 2,
        last_failure_at__gt=Now() - timedelta(days=1),
    )


def tell() -> int:
    """Send the mails that are due; none while an outage of our own lasts. Returns of how many subscriptions."""
    if ServiceOutage.objects.filter(ongoing=True).exists():
        return 0
    return _tell_failing() + _tell_warning() + _tell_disabled()


def _tell_failing() -> int:
    told = 0
    long_ago = Q(told_owner_at__lt=Now() - timedelta(seconds=SECONDS_BETWEEN))
    not_told = Q(told_owner_at=None) | (Q(told_owner_at__lt=F("failing_since")) & long_ago)
    looked_after = issues.watched().filter(subscription=OuterRef("pk"))
    due = EndpointHealth.objects.filter(
        not_told,
        ~Exists(looked_after),
        subscription__state=Subscription.State.ACTIVE,
        failing_since__lt=Now() - timedelta(seconds=settings.ENDPOINT_TELL_SECONDS),
        last_failure_at__gt=F("failing_since"),
    )
    for pk in due.values_list("pk", flat=True)[:MAILS_PER_SWEEP]:
        told += _tell_one(pk, "told_owner_at", "failing")
    return told


def _tell_warning() -> int:
    period = timedelta(days=settings.ENDPOINT_DISABLE_DAYS) - warning_time()
    not_told = Q(told_warning_at=None) | Q(told_warning_at__lt=F("failing_since"))
    due = _hopeless(period).filter(not_told).values_list("pk", flat=True)
    return sum(_tell_one(pk, "told_warning_at", "warning") for pk in due[:MAILS_PER_SWEEP])


def _tell_disabled() -> int:
    told = 0
    due = EndpointHealth.objects.filter(subscription__state=Subscription.State.DISABLED).exclude(
        told_disabled_at__gte=F("subscription__state_changed_at")
    )
    for pk in due.values_list("pk", flat=True)[:MAILS_PER_SWEEP]:
        told += _tell_one(pk, "told_disabled_at", "disabled")
    return told


def _tell_one(pk: int, noted_in: str, template: str) -> int:
    with transaction.atomic():
        health = (
            EndpointHealth.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("subscription__company")
            .filter(pk=pk)
            .first()
        )
        if health is None:
            return 0  # another sweep is at it
        subscription = health.subscription
        try:
            _mail(subscription, health, template)
        except Exception:  # whatever is wrong with this mail, the others go out
            logger.exception("Could not mail the owner of subscription %s; the next sweep tries again", subscription.pk)
            return 0
        EndpointHealth.objects.filter(pk=pk).update(**{noted_in: Now()})
    return 1


def _mail(subscription: Subscription, health: EndpointHealth, template: str) -> None:
    recipients = to_tell(subscription.company)
    if not recipients:
        logger.warning("Company %s has nobody to mail about subscription %s", subscription.company_id, subscription.pk)
        return
    path = _page_of(subscription)
    off_at = timezone.now() + warning_time()
    context = {"subscription": subscription, "health": health, "link": settings.PUBLIC_URL + path, "off_at": off_at}
    what = "Alerts" if subscription.for_alerts else "Webhooks"
    name = " ".join(subscription.name.split())
    subject = {
        "failing": f"{what} to {name} are failing",
        "warning": f"{what} to {name} will be disabled",
        "disabled": f"{what} to {name} have been disabled",
    }[template]
    if subscription.for_alerts:  # of which nothing but these mails tells: an alert about alerts would go round
        context["state"], template = template, "destination"
    # A mail for each, since each has a link of its own to stop them; over one connection.
    get_connection().send_messages(
        [_message(member, subject, render_to_string(f"mail/{template}.txt", context)) for member in recipients]
    )


def _page_of(subscription: Subscription) -> str:
    if not subscription.for_alerts:
        return reverse("admin:subscriptions_subscription_change", args=[subscription.pk])
    destination = AlertDestination.objects.filter(endpoint=subscription).values_list("pk", flat=True).first()
    if destination is None:
        return reverse("admin:subscriptions_alertdestination_changelist")
    return reverse("admin:subscriptions_alertdestination_change", args=[destination])


def _message(member: Membership, subject: str, text: str) -> EmailMessage:
    """With the headers of RFC 8058, for the button that mail programs show."""
    stop = settings.PUBLIC_URL + reverse("admin:unsubscribe", args=[stop_token(member)])
    headers = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    body = f"{text}\nNo more mails like this one: {stop}\n"
    return EmailMessage(subject, body, None, [member.user.email], headers=headers)


def to_tell(company: Company) -> list[Membership]:
    """The owners and admins of a company who have a mail address and want these mails."""
    roles = (Membership.Role.OWNER, Membership.Role.ADMIN)
    members = company.memberships.filter(role__in=roles, alert_mails=True, user__is_active=True)
    return list(members.exclude(user__email="").select_related("user").order_by("user__email"))


def stop_token(member: Membership) -> str:
    """For the link of a mail. It never ends: an old mail, too, must be able to stop the next."""
    return signing.dumps(member.pk, salt=SALT)


def member_of(token: str) -> Membership | None:
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return Membership.objects.select_related("company", "user").filter(pk=pk).first()


def wish_alert_mails(member: Membership, *, wanted: bool) -> None:
    """Somebody's own wish; it stands in the audit log."""
    with transaction.atomic():
        if Membership.objects.filter(pk=member.pk).exclude(alert_mails=wanted).update(alert_mails=wanted):
            act = "Asked for alert mails again" if wanted else "Stopped alert mails"
            audit_log.record(audit_log.Actor.person(member.user), act, member)
    member.alert_mails = wanted
