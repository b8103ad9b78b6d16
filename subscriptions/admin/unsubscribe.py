"""The page that turns off alert emails. The token in the link allows it, for one membership."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from ..endpoints import alerts


def unsubscribe_page(request: HttpRequest, token: str, site: AdminSite) -> HttpResponse:
    """GET changes nothing: mail scanners follow links. POST turns alerts off (RFC 8058), `do=again` turns them on."""
    member = alerts.member_of(token)
    if member is not None and request.method == "POST":
        alerts.wish_alert_mails(member, wanted=request.POST.get("do") == "again")
    context: dict[str, Any] = {
        **site.each_context(request),
        "is_nav_sidebar_enabled": False,
        "title": "Alert emails",
        "member": member,
    }
    status = 200 if member is not None else 404
    return TemplateResponse(request, "admin/callhooks/unsubscribe.html", context, status=status)
