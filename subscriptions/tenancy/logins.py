"""Record logins in the audit log of each company of the user; for operators, in the service's own log."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_login_failed


def connect() -> None:
    user_logged_in.connect(_logged_in, dispatch_uid="subscriptions.tenancy.logins")
    user_login_failed.connect(_failed, dispatch_uid="subscriptions.tenancy.logins")


def _logged_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    if getattr(request, "path", ""):  # a session that a script creates has no request path, and is no login
        _note(user, "Logged in")


def _failed(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Only for users that exist: a made-up name belongs to nobody. axes limits how many there can be."""
    user = get_user_model()._default_manager.filter(username=credentials.get("username") or "").first()
    if user is not None:
        _note(user, "Login failed")


def _note(user: Any, act: str) -> None:
    from ..models import Membership
    from . import audit_log

    companies: list[int | None] = list(Membership.objects.filter(user=user).values_list("company_id", flat=True))
    for company_id in companies or [None]:
        audit_log.record(audit_log.Actor.person(user), act, company=company_id)
