"""The company's own settings, and its signing key."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from ..lib.countries import country_names
from ..models import Company
from ..models.company import new_signing_key
from ..tenancy.access import access_of
from .filter_form import DEFAULT_COLUMN, FilterAdmin, FilterForm, sentence_of
from .kit.buttons import ButtonsAdmin, button

FILTER_ABOUT = "Which calls subscriptions get that have no filter of their own. Empty: all of them."


@cache  # finding them reads the files of all zones
def time_zones() -> list[tuple[str, str]]:
    """Choices: cities and UTC. The other names in the database are aliases of these."""
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [(name, name) for name in ["UTC", *names]]


class CompanyForm(FilterForm):
    conditions_column = DEFAULT_COLUMN
    time_zone = forms.ChoiceField(
        choices=time_zones, help_text="Times in webhooks and on these pages use this time zone."
    )

    country = forms.ChoiceField(
        required=False, help_text="Phone numbers without + are read as numbers of this country, wherever they come in."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("time_zone")
        current = self.instance.time_zone
        if field is not None and current not in dict(time_zones()):
            field.choices = [(current, current), *time_zones()]  # type: ignore[attr-defined]
        if (country := self.fields.get("country")) is not None:
            by_zone = [] if self.instance.country else [("", "The country of the time zone")]
            country.choices = [*by_zone, *country_names().items()]  # type: ignore[attr-defined]


@admin.register(Company)
class CompanyAdmin(FilterAdmin, ButtonsAdmin):
    form = CompanyForm
    company_path = "pk"
    member_rights = frozenset({"view", "change"})
    menu, menu_order = "settings", 10
    deferred = ("signing_key",)
    list_display = ("name", "time_zone", "show", "resource_id")
    cells = {"name": "who", "time_zone": "what soft", "show": "side", "resource_id": "num mono quiet wide"}
    form_in_side = False
    search_fields = ("name__icontains", "resource_id__exact")
    readonly_fields = ("signing_key_masked", "filter_in_words", "resource_id")
    fieldsets = (
        (None, {"fields": ("name", "time_zone", "country")}),
        ("What Post-Call waits for", {"fields": ("recording_expected", "transcription_expected")}),
    )
    buttons = ("reveal_signing_key", "rotate_signing_key")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        fieldsets = super().get_fieldsets(request, obj)
        receiver = ("For the receiver", {"fields": ("signing_key_masked", "resource_id")})
        if obj is None:
            return fieldsets
        names = self.filter_field_names(obj, obj) if self.has_change_permission(request, obj) else []
        options = {"fields": ["filter_in_words", *names], "description": FILTER_ABOUT, "classes": ("collapse",)}
        return [*fieldsets, ("Default filter", options), receiver]

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change or "country" in form.changed_data:
            name = country_names().get(obj.country, obj.country)
            self.message_user(request, f"Phone numbers without + are read as numbers of {name}.")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        access = access_of(request)
        if not access.several and access.roles:
            return HttpResponseRedirect(self.change_url(next(iter(access.roles))))
        return super().changelist_view(request, extra_context)

    @admin.display(description="which calls")
    def filter_in_words(self, obj: Company) -> str:
        return sentence_of(obj) or "All calls."

    def menu_label(self, request: HttpRequest) -> str:
        return "Companies" if access_of(request).several else "Company"

    @admin.display(description="pages")
    def show(self, obj: Company) -> str:
        return format_html('<a href="{}?company={}">Show only this company</a>', reverse("admin:index"), obj.pk)

    @admin.display(description="signing key")
    def signing_key_masked(self, obj: Company) -> str:
        return format_html("<code>{}</code>", "••••••••")

    @button("Show signing key", confirms=True)
    def reveal_signing_key(self, request: HttpRequest, obj: Company) -> HttpResponse:
        self.log_change(request, obj, "Viewed the signing key.")
        return self.render_page(
            request,
            obj,
            "secret.html",
            {
                "what": "Signing key",
                "secret": obj.signing_key,
                "help": "The Signature header of every webhook of this company is made with it.",
            },
        )

    @button("New signing key…", opens_page=True, confirms=True)
    def rotate_signing_key(self, request: HttpRequest, obj: Company) -> HttpResponse | None:
        if request.method != "POST":
            return self.render_page(request, obj, "rotate_signing_key.html", {})
        obj.signing_key = new_signing_key()
        obj.save(update_fields=["signing_key"])
        self.log_change(request, obj, "Created a new signing key.")
        self.message_user(request, "The new key is in use. Give it to your receivers now.", messages.SUCCESS)
        return self.reveal_signing_key(request, obj)
