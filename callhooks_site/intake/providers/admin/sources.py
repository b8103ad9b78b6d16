"""Ingest sources: made here, connected by the page that shows their URLs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.buttons import ButtonsAdmin, button
from subscriptions.admin.kit.forms import TenantForm
from subscriptions.tenancy.audit_log import Actor, record

from .. import operations
from ..addresses import DIAL, INCOMING, MESSAGE_STATUS, PLACES, RECORDING, TRANSCRIPTION, VOICE, url_of
from ..models import IngestSource, RefusedCallback

State = IngestSource.State
_UNSEEN = {"autocomplete": "new-password"}  # the browser's own passwords are not meant


class SourceForm(TenantForm):
    auth_token = forms.CharField(
        max_length=200,
        widget=forms.PasswordInput(attrs=_UNSEEN),
        help_text="Twilio: the auth token of the account, from the console. SignalWire: the project’s signing key, "
        "from API credentials. It is stored encrypted and not shown again.",
    )


class TokenForm(forms.Form):
    auth_token = forms.CharField(label="New auth token", max_length=200, widget=forms.PasswordInput(attrs=_UNSEEN))


@admin.register(IngestSource)
class IngestSourceAdmin(ButtonsAdmin):
    audits_own_saves = True
    form = SourceForm
    menu, menu_order = "Calls", 60
    list_display = ("name", "provider", "account_sid", "state_badge", "last_received", "received", "refusals_open")
    search_fields = ("name__icontains", "account_sid__exact")
    readonly_fields = (
        "provider_name", "account", "state_badge", "last_received", "received", "refused", "refusals_open", "token",
        "made",
    )  # fmt: skip
    buttons = ("connect", "pause", "resume", "change_token")
    add_one_at_a_time = True
    deferred = ("auth_token", "previous_auth_token")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        if obj is None:
            return self.with_company(
                request, obj, [(None, {"fields": ("name", "provider", "account_sid", "auth_token")})]
            )
        shown = [
            (None, {"fields": ("name", "provider_name", "account", "token", "made")}),
            ("What came", {"fields": ("state_badge", "last_received", "received", "refused", "refusals_open")}),
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

    @admin.display(description="last received", ordering="last_received_at")
    def last_received(self, obj: IngestSource) -> str:
        return times.time_tag(obj.last_received_at) or "Nothing yet"

    @admin.display(description="refused and open")
    def refusals_open(self, obj: IngestSource) -> str:
        found = RefusedCallback.objects.filter(source=obj, state=RefusedCallback.State.OPEN)[:1_001].count()
        if not found:
            return "None"
        log = reverse("admin:providers_refusedcallback_changelist") + f"?source={obj.pk}&state__exact=open&since=all"
        link = format_html('<a href="{}">{}</a>', log, found if found <= 1_000 else "more than 1,000")
        if not obj.unlisted:
            return link
        return format_html("{} <small>and {} too many to keep</small>", link, obj.unlisted)

    @admin.display(description="auth token")
    def token(self, obj: IngestSource) -> str:
        masked = format_html("<code>{}</code>", "••••••••")
        if obj.previous_until and len(obj.tokens()) > 1:
            return format_html(
                "{} The one before it is accepted too until {}.", masked, times.time_tag(obj.previous_until)
            )
        return masked

    @admin.display(description="made")
    def made(self, obj: IngestSource) -> str:
        return times.time_tag(obj.created_at)

    # --- making and changing --------------------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            record(Actor.person(request.user), "Made an ingest source", obj, detail=f"{obj.provider} {obj.account_sid}")
        elif form.changed_data:
            record(Actor.person(request.user), "Renamed", obj)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:providers_ingestsource_connect", args=[obj.pk]))

    # --- buttons --------------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        return ("connect", "pause" if obj.state == State.ACTIVE else "resume", "change_token")

    @button("How to connect", opens_page=True)
    def connect(self, request: HttpRequest, obj: IngestSource) -> HttpResponse:
        urls = {place.name: url_of(obj, place.name) for place in PLACES.values()}
        places = [
            {"id": f"url-{place.name}", "label": place.label, "where": place.where, "url": urls[place.name]}
            for place in PLACES.values()
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
        told = "Paused. What comes meanwhile is refused and kept; it can be taken in later."
        self.message_user(request, told, messages.SUCCESS)

    @button("Resume")
    def resume(self, request: HttpRequest, obj: IngestSource) -> None:
        operations.resume(obj, Actor.person(request.user))
        self.message_user(request, "Resumed. What came meanwhile is among the refused callbacks.", messages.SUCCESS)

    @button("New auth token…", opens_page=True)
    def change_token(self, request: HttpRequest, obj: IngestSource) -> HttpResponse | None:
        form = TokenForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            hours = operations.TOKEN_OVERLAP.total_seconds() / 3600
            return self.render_page(request, obj, "providers/token.html", {"form": form, "hours": hours})
        operations.rotate_token(obj, form.cleaned_data["auth_token"], Actor.person(request.user))
        self.message_user(request, "The new token is in use. The old one is accepted too for a day.", messages.SUCCESS)
        return None
