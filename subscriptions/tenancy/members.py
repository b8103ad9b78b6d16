"""Members of a company: invitations by mail, and the rule that a company always has an owner."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from ..lib.errors import ActionRefused
from ..models import Company, Invitation, MailRequest, Membership
from . import audit_log

MOST_IN_AN_HOUR = 30  # per company: enough for a whole team, too few to send junk mail through us
RESEND_AFTER = timedelta(minutes=1)


def invite(*, company: Company, email: str, role: str, by: Any) -> tuple[Invitation, str]:
    """Create an invitation; it replaces any open one to the same address. The second value is the token for the
    mail."""
    with transaction.atomic():
        Invitation.objects.filter(company=company, email__iexact=email, accepted_at=None, revoked_at=None).update(
            revoked_at=timezone.now()
        )
        invitation = Invitation(company=company, email=email.lower(), role=role, invited_by=by)
        token = invitation.new_token()
        invitation.save()
    return invitation, token


def reached_hourly_limit(company: Company) -> bool:
    since = timezone.now() - timedelta(hours=1)
    return Invitation.objects.filter(company=company, sent_at__gt=since).count() >= MOST_IN_AN_HOUR


def renew_invitation(invitation: Invitation) -> str:
    """Issue a new link, valid for seven days; the previous one stops working. Returns the token."""
    with transaction.atomic():
        current = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if not current.open:
            raise ActionRefused("This invitation was used or withdrawn. Make a new one.")
        if timezone.now() - current.sent_at < RESEND_AFTER or reached_hourly_limit(current.company):
            raise ActionRefused("A mail was sent just now. Wait a minute before you send the next one.")
        token = current.new_token()
        current.save(update_fields=["hashed", "sent_at", "expires_at"])
    return token


def send_invitation(invitation: Invitation, token: str) -> None:
    """Raises SMTPException or OSError when the mail cannot be sent."""
    context = {
        "invitation": invitation,
        "by": invitation.invited_by,
        "link": settings.PUBLIC_URL + reverse("admin:invitation", args=[token]),
    }
    name = " ".join(invitation.company.name.split())
    with timezone.override(zoneinfo.ZoneInfo(invitation.company.time_zone)):
        text = render_to_string("mail/invitation.txt", context)
    send_mail(f"You are invited to the webhooks of {name}", text, None, [invitation.email])


def send_requested(request: MailRequest) -> None:
    """Send the mail of an invitation that is still open. Its link is made here, so that it is stored nowhere else.
    Raises SMTPException or OSError."""
    if request.invitation_id is None:
        return
    invitation = Invitation.objects.select_for_update(of=("self",)).filter(pk=request.invitation_id).first()
    if invitation is None or not invitation.open:
        return
    token = invitation.new_token()
    invitation.save(update_fields=["hashed", "sent_at", "expires_at"])
    send_invitation(invitation, token)


def find_invitation(token: str) -> Invitation | None:
    """The invitation with this token, if it can still be used."""
    invitation = Invitation.objects.select_related("company").filter(hashed=Invitation.hash(token)).first()
    return invitation if invitation is not None and invitation.usable else None


def accept(token: str, user: Any) -> Membership:
    """Make the user a member; saves a new user first. Raises ActionRefused when the link can no longer be used."""
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().filter(hashed=Invitation.hash(token)).first()
        if invitation is None or not invitation.usable:
            raise ActionRefused("This link was used, withdrawn or has expired. Ask for a new one.")
        if user.pk is None:
            user.save()
        # An existing member keeps their role: an old link neither raises nor lowers it.
        membership, _ = Membership.objects.get_or_create(
            company=invitation.company, user=user, defaults={"role": invitation.role}
        )
        Invitation.objects.filter(pk=invitation.pk).update(accepted_at=timezone.now())
        audit_log.record(audit_log.Actor.person(user), "Accepted an invitation", membership, detail=membership.role)
    return membership


def withdraw_invitations(membership: Membership) -> int:
    """Withdraw the open invitations of a member who leaves or may no longer invite. Returns how many."""
    mine = Invitation.objects.filter(company=membership.company_id, invited_by=membership.user_id)
    return mine.filter(accepted_at=None, revoked_at=None).update(revoked_at=timezone.now())


def require_another_owner(membership: Membership) -> None:
    """Call it in the transaction that demotes or removes this member. Raises ActionRefused if no owner would be left.
    Locks the company's row, so that two owners cannot leave at the same time."""
    Company.objects.select_for_update(no_key=True).filter(pk=membership.company_id).values_list("pk").get()
    owners = Membership.objects.filter(
        company=membership.company_id, role=Membership.Role.OWNER, user__is_active=True
    ).values_list("pk", flat=True)
    if set(owners) == {membership.pk}:
        raise ActionRefused("A company needs an owner. Make somebody else an owner first.")
