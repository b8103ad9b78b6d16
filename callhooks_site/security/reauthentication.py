"""Sensitive actions ask who it is again when the last time was more than ten minutes ago: at an unlocked computer, or
with a stolen session, nobody gets secrets, keys or members.

Users of two-step login enter a code, others their password. Failures count like those of the login.
"""

from __future__ import annotations

import time
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from .login_form import WRONG_CODE
from .models import get_second_factor, verify_code

CONFIRMED_AT = "identity_confirmed_at"  # in the session: seconds since 1970
VALID_SECONDS = 10 * 60
FIELD = "confirm_identity"  # of the page: the password or the code
_NOT_REPEATED = {FIELD, "csrfmiddlewaretoken"}
WRONG_PASSWORD = "This is not your password."


def connect() -> None:
    user_logged_in.connect(_logged_in, dispatch_uid="callhooks_site.security.reauthentication")


def _logged_in(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    remember(request)


def remember(request: HttpRequest) -> None:
    """The user has just proved who they are."""
    request.session[CONFIRMED_AT] = int(time.time())


def ask(request: HttpRequest, site: AdminSite) -> HttpResponse | None:
    """None if the POST may go on; else the page that asks. It sends what was sent again, so nothing is lost."""
    if request.method != "POST" or 0 <= time.time() - request.session.get(CONFIRMED_AT, 0) < VALID_SECONDS:
        return None
    by_code = get_second_factor(request.user) is not None
    error = ""
    if given := request.POST.get(FIELD, ""):
        if verify_code(request.user, given) if by_code else is_password(request, given):
            remember(request)
            return None
        error = WRONG_CODE if by_code else WRONG_PASSWORD
    repeated = [(name, value) for name, values in request.POST.lists() if name not in _NOT_REPEATED for value in values]
    context = {"title": "Confirm that it is you", "by_code": by_code, "error": error, "repeated": repeated}
    return TemplateResponse(
        request, "security/confirm_identity.html", {**site.each_context(request), **context, "field": FIELD}
    )


def is_password(request: HttpRequest, given: str) -> bool:
    """Whether it is the user's password. Goes through the backends, so that failures count like those of the login, and
    a lockout holds here too (429, by the middleware of axes)."""
    user = authenticate(request, username=request.user.get_username(), password=given)
    return user is not None and user.pk == request.user.pk
