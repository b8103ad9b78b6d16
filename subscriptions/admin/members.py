"""Members and invitations. Owners manage them; all members see them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from ..lib.errors import ActionRefused
from ..models import Invitation, Membership
from ..tenancy import mails, members
from ..tenancy.access import OWNERS
from ..worker.mails import queue as queue_mails
from .kit import labels, times
from .kit.buttons import ButtonsAdmin, button
from .kit.forms import TenantForm
from .kit.tenancy import TenantAdmin


class MembershipForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        role = cleaned.get("role")
        if role and role != Membership.Role.OWNER and not self.instance._state.adding:
            try:
                members.require_another_owner(self.instance)
            except ActionRefused as error:
                self.add_error("role", str(error))
        return cleaned


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    form = MembershipForm
    menu, menu_order, menu_name = "settings", 20, "Members"
    writers = OWNERS
    confirms = True
    member_rights = frozenset({"view", "change", "delete"})
    operator_rights = frozenset({"view", "add", "change", "delete"})
    related = ("user",)
    change_list_template = "admin/callhooks/members_change_list.html"
    list_display = ("who", "role", "may_log_in", "since")
    cells = {"who": "who", "role": "what", "may_log_in": "side", "since": "num when quiet"}
    search_fields = ("user__username__icontains", "user__email__icontains")
    fields = ("user", "role")
    readonly_fields = ("who", "since")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["user", "role"] if obj is None else ["who", "role", "alert_mails", "since"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"may_invite": self.has_operate_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description="member", ordering="user__username")
    def who(self, obj: Membership) -> str:
        name = obj.user.get_full_name()
        return f"{name} ({obj.user.get_username()})" if name else obj.user.get_username()

    @admin.display(description="can log in")
    def may_log_in(self, obj: Membership) -> str:
        return labels.badge("Yes", "good") if obj.user.is_active and obj.user.is_staff else labels.badge("No", "quiet")

    @admin.display(description="since", ordering="created_at")
    def since(self, obj: Membership) -> str:
        return times.time_tag(obj.created_at)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and obj.role not in self.writers:
            members.withdraw_invitations(obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        members.require_another_owner(obj)
        super().delete_model(request, obj)
        withdrawn = members.withdraw_invitations(obj)
        text = "Open invitations that they sent are withdrawn. " if withdrawn else ""
        text += "API keys that they created stay valid: check them under API keys."
        self.message_user(request, text, messages.WARNING)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except ActionRefused as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(self.change_url(object_id))


class InvitationForm(TenantForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words_ in (
            ("email", "They receive an email with a link that works once, within seven days."),
            (
                "role",
                "Viewers can read. Admins can change everything except members. Owners can also manage members.",
            ),
        ):
            if name in self.fields:
                self.fields[name].help_text = words_

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        company = cleaned.get("company") or self.given_company
        email = (cleaned.get("email") or "").lower()
        if company is None or not email:
            return cleaned
        cleaned["email"] = email
        if company.memberships.filter(user__username__iexact=email).exists():
            self.add_error("email", "This person is already a member.")
        elif members.reached_hourly_limit(company):
            self.add_error(
                None, f"You can send at most {members.MOST_IN_AN_HOUR} invitations per hour. Try again later."
            )
        return cleaned


@admin.register(Invitation)
class InvitationAdmin(ButtonsAdmin):
    form = InvitationForm
    menu, menu_order = "settings", 25
    writers = OWNERS
    confirms = True
    member_rights = operator_rights = frozenset({"view", "add"})
    related = ("invited_by",)
    deferred = ("hashed",)
    list_display = ("email", "state", "role", "by", "sent")
    cells = {"email": "who", "state": "side", "role": "what", "by": "soft", "sent": "num when quiet"}
    empty_icon = "user-plus"
    empty_text = "A colleague gets an email with a link that works once, and chooses a password."
    add_words = "Invite a colleague"
    search_fields = ("email__icontains",)
    readonly_fields = ("state", "sent", "by")
    buttons = ("send_again", "withdraw")
    add_one_at_a_time = True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["email", "role"] if obj is None else ["email", "role", "state", "sent", "by"]

    @admin.display(description="state")
    def state(self, obj: Invitation) -> str:
        if obj.accepted_at:
            return labels.badge("Accepted", "good")
        if obj.revoked_at:
            return labels.badge("Withdrawn", "quiet")
        if obj.mail_error:
            return labels.badge(f"The email could not be sent: {obj.mail_error}", "bad")
        return labels.badge("Sent", "busy") if obj.expires_at > timezone.now() else labels.badge("Expired", "warn")

    @admin.display(description="sent", ordering="sent_at")
    def sent(self, obj: Invitation) -> str:
        return times.time_tag(obj.sent_at)

    @admin.display(description="by")
    def by(self, obj: Invitation) -> str:
        return obj.invited_by.get_username() if obj.invited_by else ""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made, _ = members.invite(company=obj.company, email=obj.email, role=obj.role, by=request.user)
        obj.pk = made.pk
        self._send(request, made)

    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        return self.buttons if obj.open else ()

    @button("Send again")
    def send_again(self, request: HttpRequest, obj: Invitation) -> None:
        try:
            members.renew_invitation(obj)
        except ActionRefused as error:
            self.message_user(request, str(error), messages.WARNING)
            return
        obj.refresh_from_db()
        self.log_change(request, obj, "Sent an invitation again.")
        self._send(request, obj)

    @button("Withdraw")
    def withdraw(self, request: HttpRequest, obj: Invitation) -> None:
        open_ = Invitation.objects.filter(pk=obj.pk, accepted_at=None, revoked_at=None)
        if open_.update(revoked_at=timezone.now()):
            self.log_change(request, obj, "Withdrew an invitation.")
            self.message_user(request, "The invitation is withdrawn. Its link no longer works.", messages.SUCCESS)

    def _send(self, request: HttpRequest, invitation: Invitation) -> None:
        mails.request_invitation(invitation)
        transaction.on_commit(queue_mails)
        self.message_user(request, f"The email to {invitation.email} is on its way.", messages.SUCCESS)
