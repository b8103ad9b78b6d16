"""The user's own settings: for which companies they receive alert emails."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from ..endpoints import alerts
from ..models import Membership
from ..tenancy.access import WRITERS, access_of


def urls(site: AdminSite) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        return _page(site, request)

    return [path("your-settings/", site.admin_view(page), name="own_settings")]


def _page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    if not access_of(request).may_read_some():
        raise PermissionDenied
    mine = list(
        Membership.objects.filter(user=request.user.pk)
        .select_related("company", "user")
        .defer("company__signing_key")
        .order_by("company__name", "pk")
    )
    if request.method == "POST":
        wanted = set(request.POST.getlist("alert_mails"))
        for one in mine:
            if one.role in WRITERS:
                alerts.wish_alert_mails(one, wanted=str(one.pk) in wanted)
        messages.success(request, "Saved.")
        return HttpResponseRedirect(reverse("admin:own_settings"))
    context: dict[str, Any] = {
        "title": "Your settings",
        "mine": [{"row": one, "asked": one.role in WRITERS} for one in mine],
        "email": mine[0].user.email or mine[0].user.get_username() if mine else "",
    }
    return TemplateResponse(request, "admin/own_settings.html", {**site.each_context(request), **context})
