"""What to do next in a company: what webhooks, members and other apps ask for, most urgent first."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from ...models import Company, Delivery, EndpointIssue, Invitation, Membership
from ...tenancy.access import OWNERS, access_of
from ..kit import times
from ..kit.home_parts import Todo, parts
from ..resend_form import BEGINNING
from .looks import Look, Overview

MOST = 5
MOST_INVITED = 2
MOST_ISSUES = 3


def list_todos(request: HttpRequest, company: Company, seen: Overview) -> list[Todo]:
    """Empty for somebody who may change nothing."""
    access = access_of(request)
    if not access.may_write(company.pk):
        return []
    found = [*_webhooks(company, seen, several=access.several)]
    for part in parts():
        found += part.todos(request, company)
    if access.may_write(company.pk, by=OWNERS):
        found += _members(company)
    return found[:MOST]


def _webhooks(company: Company, seen: Overview, *, several: bool) -> list[Todo]:
    found = [_of_issue(look, look.issue) for look in seen.looks if look.issue is not None and not look.watched_by]
    found = found[:MOST_ISSUES]
    if not seen.failed:
        return found
    if seen.failed == 1:
        rows = Delivery.objects.filter(subscription__in=[look.pk for look in seen.looks], state=Delivery.State.FAILED)
        if (only := rows.values_list("pk", flat=True).first()) is not None:
            url = reverse("admin:subscriptions_delivery_change", args=[only])
            return [*found, Todo("rotate-cw", "Send it again", "One webhook failed and is kept.", url, "Open")]
    said = f"{seen.failed:,} webhooks failed and are kept."
    return [*found, Todo("rotate-cw", "Send them again", said, *_send_again(company, several))]


def _send_again(company: Company, several: bool) -> tuple[str, str]:
    """Where all that failed is sent again, and what the link says. With several companies one of the subscriptions
    must be chosen first."""
    page = reverse("admin:subscriptions_resendjob_add")
    if several:
        return f"{page}?company={company.pk}", "Choose"
    return f"{page}?since={BEGINNING:%Y-%m-%dT%H:%M:%S}&count=1", "Review"


def _of_issue(look: Look, one: EndpointIssue) -> Todo:
    said = f"Since {times.say_moment(one.opened_at)}. {look.why or one.answer}"
    url = reverse("admin:subscriptions_endpointissue_change", args=[one.pk])
    return Todo("triangle-alert", f"“{look.name}” refuses everything", said, url, "Open")


def _members(company: Company) -> list[Todo]:
    found = []
    open_ = Invitation.objects.filter(
        company=company, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    ).order_by("sent_at", "pk")
    for one in open_[:MOST_INVITED]:
        sent, ends = timezone.localtime(one.sent_at), timezone.localtime(one.expires_at)
        said = f"Invited on {sent:%A}. The invitation ends on {ends:%A}."
        url = reverse("admin:subscriptions_membership_changelist")
        found.append(Todo("user-plus", f"{one.email} has not accepted yet", said, url))
    owners = Membership.objects.filter(company=company, role__in=OWNERS)[:2].count()
    if owners == 1:
        said = "Only you can invite and remove people now."
        url = reverse("admin:subscriptions_membership_changelist")
        found.append(Todo("shield-check", "Name a second owner", said, url, "Choose"))
    return found
