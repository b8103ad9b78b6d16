"""Web sites that send forms. A page shows what to put into theirs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from subscriptions.admin.kit import labels
from subscriptions.admin.kit.buttons import button
from subscriptions.intake.admin import IntakeSourceAdmin

from ..models import FormRefusal, FormSource
from ..web.script import build_script_tag


@admin.register(FormSource)
class FormSourceAdmin(IntakeSourceAdmin):
    menu, menu_order, menu_name = "numbers", 20, "Web forms"
    refused_model = FormRefusal
    audit_noun = "a web form"
    list_display = ("name", "state_badge", "last_received", "received", "refusals_open")
    cells = {
        "name": "who",
        "state_badge": "what",
        "last_received": "when quiet",
        "received": "num",
        "refusals_open": "num side",
    }
    form_in_side = False
    empty_icon = "clipboard-list"
    empty_text = "One line in your site brings its forms here, with where each visitor came from."
    empty_guide = "forms"
    search_fields = ("name__icontains",)
    readonly_fields = ("state_badge", "last_received", "received", "refused", "refusals_open", "created")
    buttons = ("connect",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        editable = ("name", "allowed_origins", "redirect_pages", "honeypot_field", "active")
        shown: list[tuple[Any, Any]] = [
            (None, {"fields": editable}),
            ("Who filled in a form", {"fields": ("name_fields", "email_fields", "phone_fields")}),
        ]
        if obj is not None:
            received = ("state_badge", "last_received", "received", "refused", "refusals_open", "created")
            shown.append(("Received", {"fields": received}))
        return self.with_company(request, obj, shown)

    @admin.display(description="state", ordering="active")
    def state_badge(self, obj: FormSource) -> str:
        return labels.badge("Active", "good") if obj.active else labels.badge("Not active", "warn")

    @button("How to connect", opens_page=True)
    def connect(self, request: HttpRequest, obj: FormSource) -> HttpResponse:
        return self.render_page(
            request,
            obj,
            "form_source.html",
            {
                "origin": "{0.scheme}://{0.netloc}".format(urlsplit(settings.PUBLIC_URL)),
                "url": settings.PUBLIC_URL + reverse("form-endpoint", args=[obj.public_key]),
                "script": build_script_tag(obj.public_key),
                "trap": obj.honeypot_field,
                "page": obj.choose_page(""),
            },
        )
