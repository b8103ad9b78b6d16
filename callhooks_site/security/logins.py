"""Limits on failed logins: django-axes counts them; our limits and messages are here."""

from __future__ import annotations

import math
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# Failures until the lockout, in the order of AXES_LOCKOUT_PARAMETERS: one username from one address; any usernames from
# one address (perhaps an office); one username from all addresses.
ALLOWED = {("username", "ip_address"): 10, ("ip_address",): 50, ("username",): 200}


class LoginGuard(AxesDatabaseHandler):  # type: ignore[misc]
    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """axes has a single limit, so each count is scaled to it."""
        counted = [
            attempts.aggregate(total=Sum("failures_since_start"))["total"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        ]
        shares = [count / allowed for count, allowed in zip(counted, ALLOWED.values(), strict=True)]
        return math.floor(max(shares) * settings.AXES_FAILURE_LIMIT)


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any = None) -> HttpResponse:
    """The response to a login during a lockout."""
    minutes = math.ceil(settings.AXES_COOLOFF_TIME.total_seconds() / 60)
    context = {**admin.site.each_context(request), "title": "Too many attempts", "minutes": minutes}
    answer = render(request, "security/locked_out.html", context, status=429)
    answer.headers["Retry-After"] = str(minutes * 60)
    return answer


def who(username: str, ip_address: str, user_agent: str, path_info: str, request: HttpRequest) -> str:
    """For the log: one line, whatever was entered."""
    return f"{username!a} from {ip_address}"
