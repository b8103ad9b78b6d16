"""Tracking numbers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from subscriptions.admin.kit import checklist, labels
from subscriptions.admin.kit.tenancy import TenantAdmin
from subscriptions.tenancy.access import access_of

from ..models import Tracker
from ..phones import formatted, read_in


@admin.register(Tracker)
class TrackerAdmin(TenantAdmin):
    menu, menu_order = "numbers", 10
    list_display = ("name", "number", "source", "routed_to", "in_use", "calls")
    cells = {
        "name": "who",
        "number": "what number",
        "source": "side soft",
        "routed_to": "number wide",
        "in_use": "when",
        "calls": "num",
    }
    form_in_side = False
    empty_icon = "hash"
    empty_text = "The numbers that your customers call, and where you show each of them."
    empty_guide = "providers"
    list_filter = ("active",)
    search_fields = ("name__icontains", "phone_number__contains", "source__icontains", "resource_id__exact")
    search_help_text = "Name, number or source"
    readonly_fields = ("resource_id",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = ["name", "phone_number", "source", "destination_number", "active"]
        return asked if obj is None else [*asked, "resource_id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, twice = super().get_search_results(request, queryset, search_term)
        numbers = read_in(search_term, access_of(request).regions()) if search_term else set()
        # As somebody writes it, which need not be how it is stored: 06 12 34 56 78.
        return (found | queryset.filter(phone_number__in=numbers) if numbers else found), twice

    @admin.display(description="number", ordering="phone_number")
    def number(self, obj: Tracker) -> str:
        return formatted(obj.phone_number)

    @admin.display(description="business number")
    def routed_to(self, obj: Tracker) -> str:
        return formatted(obj.destination_number)

    @admin.display(description="state", ordering="active")
    def in_use(self, obj: Tracker) -> str:
        return labels.badge("Active", "good") if obj.active else labels.badge("Off", "quiet")

    def page_title(self, obj: Tracker) -> str:
        return obj.name

    @admin.display(description="calls")
    def calls(self, obj: Tracker) -> str:
        return format_html('<a href="{}?tracker={}">Show</a>', reverse("admin:calls_call_changelist"), obj.pk)


checklist.register(
    checklist.Step(
        20,
        "Name your tracking numbers",
        "The numbers that your customers call, and where you show each of them.",
        "calls_tracker_add",
        lambda companies: Tracker.objects.filter(company__in=companies).exists(),
        "Add a number",
    )
)
