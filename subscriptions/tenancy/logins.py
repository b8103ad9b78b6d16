"""Logins in the audit log of each company that somebody is a member of; an operator's in the service's own."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_login_failed


def connect() -> None:
    user_logged_in.connect(_logged_in, dispatch_uid="subscriptions.tenancy.logins")
    user_login_failed.connect(_failed, dispatch_uid="subscriptions.tenancy.logins")


def _logged_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    if getattr(request, "path", ""):  # a session that a program makes comes from no page, and is nobody's login
        _note(user, "Logged in")


def _failed(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Of people that exist: what strangers type is no act of anybody. axes bounds how many there can be."""
    user = get_user_model()._default_manager.filter(username=credentials.get("username") or "").first()
    if user is not None:
        _note(user, "Login failed")


def _note(user: Any, act: str) -> None:
    from ..models import Membership
    from . import audit_log

    companies: list[int | None] = list(Membership.objects.filter(user=user).values_list("company_id", flat=True))
    for company_id in companies or [None]:
        audit_log.record(audit_log.Actor.person(user), act, company=company_id)
