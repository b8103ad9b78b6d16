"""Password reset: Django's views in the admin's design, with an audit entry and at most one mail per five minutes.

The request is stored and the cluster does the rest, so that the response takes as long for every address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone

from subscriptions.models import AuditEntry, MailRequest
from subscriptions.tenancy import audit_log, mails
from subscriptions.worker.mails import queue as queue_mails

from .client_address import client_address

ASKED, DONE = "Asked for a new password", "Set a new password"
MAIL_INTERVAL = timedelta(minutes=5)  # so that nobody can flood another user's mailbox


class ResetForm(PasswordResetForm):
    def get_users(self, email: str) -> Iterator[User]:
        """The users who get a mail. The page does not show whether anybody does: it is the same for every address."""
        since = timezone.now() - MAIL_INTERVAL
        for user in super().get_users(email):
            if not AuditEntry.objects.filter(company=None, user=user, act=ASKED, at__gt=since).exists():
                audit_log.record(audit_log.Actor.person(user), ASKED)
                yield user

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        """Unlike Django's own, raises what goes wrong: the request is tried again."""
        subject = "".join(render_to_string(subject_template_name, context).splitlines())
        send_mail(subject, render_to_string(email_template_name, context), from_email, [to_email])


def send_requested(request: MailRequest) -> None:
    """Send the mail of a request, if somebody has the address."""
    form = ResetForm({"email": request.email})
    if form.is_valid():
        form.save(
            domain_override=urlsplit(settings.PUBLIC_URL).netloc,
            subject_template_name="mail/password_reset_subject.txt",
            email_template_name="mail/password_reset.txt",
            extra_email_context={"base": settings.PUBLIC_URL},
        )


class _InTheAdmin:
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**admin.site.each_context(self.request), "has_permission": False, **context}  # type: ignore[attr-defined]


class Asked(_InTheAdmin, views.PasswordResetView):
    form_class = ResetForm

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            with transaction.atomic():
                mails.request_reset(form.cleaned_data["email"], client=client_address(self.request) or "")
                transaction.on_commit(queue_mails)
        except mails.TooManyRequests:
            form.add_error("email", "Too many requests. Wait a minute, then try again.")
            answer = self.render_to_response(self.get_context_data(form=form), status=429)
            answer.headers["Retry-After"] = "60"
            return answer
        return HttpResponseRedirect(self.get_success_url())


class Confirmed(_InTheAdmin, views.PasswordResetConfirmView):
    def form_valid(self, form: Any) -> HttpResponse:
        audit_log.record(audit_log.Actor.person(form.user), DONE)
        return super().form_valid(form)


class Sent(_InTheAdmin, views.PasswordResetDoneView):
    pass


class Complete(_InTheAdmin, views.PasswordResetCompleteView):
    pass


urlpatterns = [
    path("admin/password_reset/", Asked.as_view(), name="admin_password_reset"),
    path("admin/password_reset/done/", Sent.as_view(), name="password_reset_done"),
    path("admin/reset/<uidb64>/<token>/", Confirmed.as_view(), name="password_reset_confirm"),
    path("admin/reset/done/", Complete.as_view(), name="password_reset_complete"),
]
