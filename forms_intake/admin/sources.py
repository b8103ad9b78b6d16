"""Sites whose forms come in: made here, connected by the page that shows what to put into their pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.buttons import ButtonsAdmin, button
from subscriptions.tenancy.audit_log import Actor, record

from ..models import FormRefusal, FormSource
from ..web.script import tag_for

MOST_COUNTED = 1_000


@admin.register(FormSource)
class FormSourceAdmin(ButtonsAdmin):
    audits_own_saves = True
    menu, menu_order, menu_name = "Texts and forms", 60, "Web sites with forms"
    list_display = ("name", "state_badge", "last_received", "received", "refusals_open")
    search_fields = ("name__icontains",)
    readonly_fields = ("state_badge", "last_received", "received", "refused", "refusals_open", "made")
    buttons = ("connect",)
    add_one_at_a_time = True

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        settings_of_it = ("name", "allowed_origins", "redirect_pages", "honeypot_field", "active")
        shown: list[tuple[Any, Any]] = [(None, {"fields": settings_of_it})]
        if obj is not None:
            came = ("state_badge", "last_received", "received", "refused", "refusals_open", "made")
            shown.append(("What came", {"fields": came}))
        return self.with_company(request, obj, shown)

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="state", ordering="active")
    def state_badge(self, obj: FormSource) -> str:
        return labels.badge("Active", "good") if obj.active else labels.badge("Not active", "warn")

    @admin.display(description="last received", ordering="last_received_at")
    def last_received(self, obj: FormSource) -> str:
        return times.time_tag(obj.last_received_at) or "Nothing yet"

    @admin.display(description="refused and open")
    def refusals_open(self, obj: FormSource) -> str:
        found = FormRefusal.objects.filter(source=obj, state=FormRefusal.State.OPEN)[: MOST_COUNTED + 1].count()
        if not found:
            return "None"
        log = reverse("admin:forms_intake_formrefusal_changelist") + f"?source={obj.pk}&state__exact=open&since=all"
        link = format_html(
            '<a href="{}">{}</a>', log, found if found <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"
        )
        if not obj.unlisted:
            return link
        return format_html("{} <small>and {} too many to keep</small>", link, obj.unlisted)

    @admin.display(description="made")
    def made(self, obj: FormSource) -> str:
        return times.time_tag(obj.created_at)

    # --- making and changing --------------------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            record(Actor.person(request.user), "Made a form source", obj)
        elif form.changed_data:
            labels = [str(obj._meta.get_field(name).verbose_name) for name in form.changed_data]
            record(Actor.person(request.user), "Changed a form source", obj, detail=", ".join(labels))

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:forms_intake_formsource_connect", args=[obj.pk]))

    # --- buttons --------------------------------------------------------------------------------------------------
    @button("How to connect", opens_page=True)
    def connect(self, request: HttpRequest, obj: FormSource) -> HttpResponse:
        return self.render_page(
            request,
            obj,
            "form_source.html",
            {
                "origin": "{0.scheme}://{0.netloc}".format(urlsplit(settings.PUBLIC_URL)),
                "url": settings.PUBLIC_URL + reverse("form-endpoint", args=[obj.public_key]),
                "script": tag_for(obj.public_key),
                "trap": obj.honeypot_field,
                "page": obj.page_after(""),
            },
        )
