"""The page that turns off alert emails. The token in the link allows it, for one membership or one
alert destination."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from ..endpoints import alert_mails, alerts


def unsubscribe_page(request: HttpRequest, token: str, site: AdminSite) -> HttpResponse:
    """GET changes nothing: mail scanners follow links. POST turns alerts off (RFC 8058), `do=again` turns them on."""
    member, destination = alerts.member_of(token), alert_mails.destination_of(token)
    wanted = request.POST.get("do") == "again"
    if member is not None and request.method == "POST":
        alerts.wish_alert_mails(member, wanted=wanted)
    if destination is not None and request.method == "POST":
        alert_mails.wish_mails(destination, wanted=wanted)
    context: dict[str, Any] = {
        **site.each_context(request),
        "is_nav_sidebar_enabled": False,
        "title": "Alert emails",
        "member": member,
        "destination": destination,
    }
    status = 200 if member is not None or destination is not None else 404
    return TemplateResponse(request, "admin/callhooks/unsubscribe.html", context, status=status)
