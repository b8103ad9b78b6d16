"""Phone systems: accounts at phone providers. A page shows the URLs to paste there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.buttons import button
from subscriptions.admin.kit.forms import TenantForm
from subscriptions.intake.admin import IntakeSourceAdmin
from subscriptions.tenancy.audit_log import Actor

from .. import operations
from ..callback_urls import CALLBACK_URLS, DIAL, INCOMING, MESSAGE_STATUS, RECORDING, TRANSCRIPTION, VOICE, build_url
from ..models import IngestSource, RefusedCallback

State = IngestSource.State
_UNSEEN = {"autocomplete": "new-password"}  # keeps browsers from filling in saved passwords


class SourceForm(TenantForm):
    auth_token = forms.CharField(
        max_length=200,
        widget=forms.PasswordInput(attrs=_UNSEEN),
        help_text="Twilio: the account’s auth token, from the console. SignalWire: the project’s signing key, from API "
        "credentials. It is stored encrypted and not shown again.",
    )


class TokenForm(forms.Form):
    auth_token = forms.CharField(label="New auth token", max_length=200, widget=forms.PasswordInput(attrs=_UNSEEN))


@admin.register(IngestSource)
class IngestSourceAdmin(IntakeSourceAdmin):
    refused_model = RefusedCallback
    audit_noun = "a phone system"
    form = SourceForm
    menu, menu_order, menu_name = "numbers", 30, "Phone systems"
    list_display = ("name", "provider", "account_sid", "state_badge", "last_received", "received", "refusals_open")
    cells = {
        "name": "who",
        "provider": "soft",
        "account_sid": "mono short wide",
        "state_badge": "what",
        "last_received": "num when quiet",
        "received": "num wide",
        "refusals_open": "num side",
    }
    form_in_side = False
    empty_icon = "phone"
    empty_text = "Twilio and SignalWire tell Callhooks of each call and text. Your numbers keep working as they do now."
    empty_guide = "providers"
    search_fields = ("name__icontains", "account_sid__exact")
    readonly_fields = (
        "provider_name", "account", "state_badge", "last_received", "received", "refused", "refusals_open", "token",
        "created",
    )  # fmt: skip
    buttons = ("connect", "pause", "resume", "change_token")
    deferred = ("auth_token", "previous_auth_token")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        if obj is None:
            return self.with_company(
                request, obj, [(None, {"fields": ("name", "provider", "account_sid", "auth_token")})]
            )
        shown = [
            (None, {"fields": ("name", "provider_name", "account", "token", "created")}),
            ("Received", {"fields": ("state_badge", "last_received", "received", "refused", "refusals_open")}),
        ]
        return self.with_company(request, obj, shown)

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="provider")
    def provider_name(self, obj: IngestSource) -> str:
        return obj.get_provider_display()

    @admin.display(description="account SID")
    def account(self, obj: IngestSource) -> str:
        return obj.account_sid

    @admin.display(description="state", ordering="state")
    def state_badge(self, obj: IngestSource) -> str:
        return labels.badge(obj.get_state_display(), "good" if obj.state == State.ACTIVE else "warn")

    @admin.display(description="auth token")
    def token(self, obj: IngestSource) -> str:
        masked = format_html("<code>{}</code>", "••••••••")
        if obj.previous_until and len(obj.tokens()) > 1:
            return format_html(
                "{} The previous one is accepted too until {}.", masked, times.time_tag(obj.previous_until)
            )
        return masked

    def audit_detail(self, obj: IngestSource) -> str:
        return f"{obj.provider} {obj.account_sid}"

    # --- buttons --------------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        return ("connect", "pause" if obj.state == State.ACTIVE else "resume", "change_token")

    @button("How to connect", opens_page=True)
    def connect(self, request: HttpRequest, obj: IngestSource) -> HttpResponse:
        urls = {place.name: build_url(obj, place.name) for place in CALLBACK_URLS.values()}
        places = [
            {"id": f"url-{place.name}", "label": place.label, "where": place.where, "url": urls[place.name]}
            for place in CALLBACK_URLS.values()
        ]
        given = {"voice": urls[VOICE], "dial": urls[DIAL], "recording": urls[RECORDING]}
        return self.render_page(
            request,
            obj,
            "providers/connect.html",
            {
                **given,
                "transcription": urls[TRANSCRIPTION],
                "incoming_next": f"{urls[INCOMING]}?next=https%3A%2F%2Fexample.com%2Fvoice",
                "status_content": f"{urls[MESSAGE_STATUS]}?content=See%20you%20at%209",
                "places": places,
                "signalwire": obj.provider == IngestSource.Provider.SIGNALWIRE,
            },
        )

    @button("Pause")
    def pause(self, request: HttpRequest, obj: IngestSource) -> None:
        operations.pause(obj, Actor.person(request.user))
        message = "Paused. Callbacks that arrive meanwhile are refused and kept; you can accept them later."
        self.message_user(request, message, messages.SUCCESS)

    @button("Resume")
    def resume(self, request: HttpRequest, obj: IngestSource) -> None:
        operations.resume(obj, Actor.person(request.user))
        message = "Resumed. Callbacks that arrived meanwhile are among the refused ones."
        self.message_user(request, message, messages.SUCCESS)

    @button("New auth token…", opens_page=True, confirms=True)
    def change_token(self, request: HttpRequest, obj: IngestSource) -> HttpResponse | None:
        form = TokenForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            hours = operations.TOKEN_OVERLAP.total_seconds() / 3600
            return self.render_page(request, obj, "providers/token.html", {"form": form, "hours": hours})
        operations.rotate_token(obj, form.cleaned_data["auth_token"], Actor.person(request.user))
        self.message_user(request, "The new token is in use. The old one is accepted too for a day.", messages.SUCCESS)
        return None
