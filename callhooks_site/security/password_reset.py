"""Password reset: Django's views in the admin's design, with an audit entry and at most one mail per five minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone

from subscriptions.models import AuditEntry
from subscriptions.tenancy import audit_log

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


class _InTheAdmin:
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**admin.site.each_context(self.request), "has_permission": False, **context}  # type: ignore[attr-defined]


class Asked(_InTheAdmin, views.PasswordResetView):
    form_class = ResetForm
    email_template_name = "mail/password_reset.txt"
    subject_template_name = "mail/password_reset_subject.txt"

    @property
    def extra_email_context(self) -> dict[str, Any]:
        return {"base": settings.PUBLIC_URL}


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
