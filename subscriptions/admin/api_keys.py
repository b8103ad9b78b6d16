"""API keys of companies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ..models import ApiKey
from .kit import labels, times
from .kit.buttons import ButtonsAdmin, button
from .kit.forms import CheckboxesField, TenantForm

KEY_HELP = "Programs send it in the header “Authorization: Bearer …”."
# How long the old key works beside the new one, in hours.
OVERLAPS = {"24": "In 24 hours", "0": "Immediately", "1": "In 1 hour", "168": "In 7 days"}


class ApiKeyForm(TenantForm):
    scopes = CheckboxesField(
        choices=ApiKey.Scope.choices, label="Permissions", help_text="What a program with this key may do."
    )


@admin.register(ApiKey)
class ApiKeyAdmin(ButtonsAdmin):
    form = ApiKeyForm
    menu, menu_order = "Settings", 30
    list_display = ("name", "begins_with", "scopes_in_words", "state", "last_used", "made")
    search_fields = ("name__icontains", "prefix__exact")
    readonly_fields = ("begins_with", "scopes_in_words", "state", "last_used", "made")
    buttons = ("rotate", "revoke")
    add_one_at_a_time = True
    actions = ("revoke_selected",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        # Operators' keys have no company. Commands create and revoke them.
        return super().get_queryset(request).exclude(company=None)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ["name", "scopes", "expires_at"]
        return ["name", "begins_with", "scopes_in_words", "state", "expires_at", "last_used", "made"]

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="begins with")
    def begins_with(self, obj: ApiKey) -> str:
        return f"{obj.prefix}…"

    @admin.display(description="permissions")
    def scopes_in_words(self, obj: ApiKey) -> str:
        return ", ".join(str(label) for value, label in ApiKey.Scope.choices if value in obj.scopes)

    @admin.display(description="state")
    def state(self, obj: ApiKey) -> str:
        if obj.revoked_at:
            return labels.badge("Revoked", "quiet")
        return labels.badge("Valid", "good") if obj.usable else labels.badge("Expired", "quiet")

    @admin.display(description="last used", ordering="last_used_at", empty_value="Never")
    def last_used(self, obj: ApiKey) -> str | None:
        return times.time_tag(obj.last_used_at) if obj.last_used_at else None

    @admin.display(description="created", ordering="created_at")
    def made(self, obj: ApiKey) -> str:
        return times.time_tag(obj.created_at)

    # --- making one -----------------------------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        key, secret = ApiKey.objects.issue(company=obj.company, name=obj.name, scopes=obj.scopes)
        if obj.expires_at:
            ApiKey.objects.filter(pk=key.pk).update(expires_at=obj.expires_at)
        obj.pk, obj.prefix = key.pk, key.prefix
        obj.secret = secret

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        # Shown in this response only: a message would be stored in a cookie.
        return self.render_page(
            request,
            obj,
            "secret.html",
            {
                "what": "API key",
                "secret": obj.secret,
                "once": True,
                "help": KEY_HELP,
            },
        )

    # --- ending one -----------------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        if obj.revoked_at:
            return ()
        return ("rotate", "revoke") if obj.usable else ("revoke",)

    @button("New key…", opens_page=True)
    def rotate(self, request: HttpRequest, obj: ApiKey) -> HttpResponse | None:
        """Create a key that replaces this one. This one stops working after the chosen number of hours."""
        hours = request.POST.get("hours", "")
        if request.method != "POST" or hours not in OVERLAPS:
            return self.render_page(request, obj, "rotate_key.html", {"overlaps": OVERLAPS})
        old = ApiKey.objects.select_for_update(of=("self",)).get(pk=obj.pk)
        if not old.usable:
            self.message_user(request, "This key has expired or was revoked. Create a new one.", messages.ERROR)
            return None
        key, secret = ApiKey.objects.rotate(old, overlap=timedelta(hours=int(hours)))
        self.log_change(request, old, f"Rotated. The old key stops working: {OVERLAPS[hours].lower()}.")
        context = {"what": "New API key", "secret": secret, "once": True, "help": KEY_HELP}
        return self.render_page(request, key, "secret.html", context)

    @button("Revoke")
    def revoke(self, request: HttpRequest, obj: ApiKey) -> None:
        self._revoke(request, ApiKey.objects.filter(pk=obj.pk))

    @admin.action(description="Revoke", permissions=["operate"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        self._revoke(request, self.writable(request, queryset))

    def _revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        valid = list(keys.filter(revoked_at=None))
        ApiKey.objects.filter(pk__in=[key.pk for key in valid]).update(revoked_at=timezone.now())
        for key in valid:
            self.log_change(request, key, "Revoked.")
        text = "1 key was revoked." if len(valid) == 1 else f"{len(valid)} keys were revoked."
        self.message_user(request, text, messages.SUCCESS if valid else messages.WARNING)
