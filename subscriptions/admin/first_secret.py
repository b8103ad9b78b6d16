"""What follows when a subscription was added: its secret, shown once, and then the offer to send a test. A test before
that reaches a server that cannot check its signature yet."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from ..events import catalogue
from .test_events import TestEventAdmin, default_event

SHOWN_NEXT = "subscription_just_added"  # in the session


class FirstSecretAdmin(TestEventAdmin):
    """`<id>/first-secret/`, for whoever added it, right after that. Later there is "Show secret"."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.first_secret_view)
        return [path("<path:object_id>/first-secret/", view, name=self._url("first_secret")), *super().get_urls()]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        answer = super().response_add(request, obj, post_url_continue)
        if {"_addanother", "_popup"} & set(request.POST):
            return answer
        request.session[SHOWN_NEXT] = obj.pk
        return HttpResponseRedirect(reverse("admin:subscriptions_subscription_first_secret", args=[obj.pk]))

    def first_secret_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such subscription.")
        if (refused := self.refuse_unless_read(request, obj)) is not None:
            return refused
        added = request.session.pop(SHOWN_NEXT, None)
        if added != obj.pk or not self.has_operate_permission(request, obj):
            return HttpResponseRedirect(self.change_url(obj.pk))
        first = default_event(obj)
        self.log_change(request, obj, "Viewed the signing secret.")
        context = {
            "title": "Your secret",
            "secret": obj.secret,
            "first": first,
            "first_label": catalogue.label(first) if first else "",
            "test_url": reverse("admin:subscriptions_subscription_test", args=[obj.pk]),
            "code_url": reverse("admin:subscriptions_subscription_verify", args=[obj.pk]),
        }
        answer = self.render_page(request, obj, "first_secret.html", context)
        answer.headers["Cache-Control"] = "no-store"
        return answer
