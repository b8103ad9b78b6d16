"""The user's own settings: for which companies they receive alert emails."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from ..endpoints import alerts
from ..models import Membership
from ..tenancy.access import MOST_NAMED, WRITERS, access_of
from .kit.searched_choices import is_id


def urls(site: AdminSite) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        return _page(site, request)

    return [path("your-settings/", site.admin_view(page), name="own_settings")]


def _page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    if not access_of(request).may_read_some():
        raise PermissionDenied
    term = request.GET.get("q", "").replace("\x00", "").strip()
    rows = Membership.objects.filter(user=request.user.pk).select_related("company").defer("company__signing_key")
    found = rows.filter(company__name__icontains=term) if term else rows
    page = Paginator(found.order_by("company__name", "pk"), MOST_NAMED).get_page(request.GET.get("page"))
    mine = list(page)
    if request.method == "POST":
        wanted = set(request.POST.getlist("alert_mails"))
        if "shown" in request.POST:  # the page may have other rows by now
            mine = list(rows.filter(pk__in=filter(is_id, request.POST.getlist("shown")[:MOST_NAMED])))
        for one in mine:
            if one.role in WRITERS:
                alerts.wish_alert_mails(one, wanted=str(one.pk) in wanted)
        messages.success(request, "Saved.")
        return HttpResponseRedirect(
            request.get_full_path() if term or page.number > 1 else reverse("admin:own_settings")
        )
    context: dict[str, Any] = {
        "title": "Your settings",
        "mine": [{"row": one, "asked": one.role in WRITERS} for one in mine],
        "page": page,
        "term": term,
        "searches": term or page.paginator.num_pages > 1,
        "email": getattr(request.user, "email", "") or request.user.get_username(),
    }
    return TemplateResponse(request, "admin/own_settings.html", {**site.each_context(request), **context})
