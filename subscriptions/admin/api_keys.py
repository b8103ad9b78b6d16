"""API keys of companies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from ..lib.errors import ActionRefused
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields.pop("scopes", None)  # shown only; Django would ask for it

    def clean_expires_at(self) -> Any:
        ends, parent = self.cleaned_data["expires_at"], self.instance.parent
        if parent is not None and parent.expires_at is not None and (ends is None or ends > parent.expires_at):
            raise forms.ValidationError("The key that created this one ends sooner. Choose an earlier time.")
        return ends


@admin.register(ApiKey)
class ApiKeyAdmin(ButtonsAdmin):
    form = ApiKeyForm
    menu, menu_order = "settings", 30
    confirms = True
    list_display = ("name", "state", "begins_with", "scopes_in_words", "made_by", "made", "last_used")
    cells = {
        "name": "who",
        "state": "side",
        "begins_with": "mono wide",
        "scopes_in_words": "what soft clip",
        "made_by": "soft wide short",
        "made": "num wide quiet",
        "last_used": "num when quiet",
    }
    empty_icon = "key-round"
    empty_text = "Your own programs use a key to send calls, texts and forms."
    empty_guide = "api#keys"
    search_fields = ("name__icontains", "prefix__exact")
    readonly_fields = ("begins_with", "scopes_in_words", "state", "last_used", "made", "made_by", "ends_with")
    buttons = ("rotate", "revoke")
    add_one_at_a_time = True
    actions = ("revoke_selected",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        # Operators' keys have no company. Commands create and revoke them.
        return super().get_queryset(request).exclude(company=None)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ["name", "scopes", "expires_at"]
        return ["name", "expires_at", *self.readonly_fields]

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

    @admin.display(description="is revoked with", empty_value="No other key")
    def ends_with(self, obj: ApiKey) -> str | None:
        return str(obj.parent) if obj.parent else None

    # --- making one -----------------------------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            ApiKey.objects.shorten_children(obj)
            return
        key, secret = ApiKey.objects.issue(
            company=obj.company, name=obj.name, scopes=obj.scopes, expires_at=obj.expires_at,
            made_by=request.user.get_username(),
        )  # fmt: skip
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
        overlap = timedelta(hours=int(hours))
        try:
            key, secret = ApiKey.objects.rotate(old, overlap=overlap, made_by=request.user.get_username())
        except ActionRefused as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
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
        valid = ApiKey.objects.revoke(keys.values_list("pk", flat=True))
        for key in valid:
            self.log_change(request, key, "Revoked.")
        text = "1 key was revoked." if len(valid) == 1 else f"{len(valid)} keys were revoked."
        self.message_user(request, text, messages.SUCCESS if valid else messages.WARNING)
