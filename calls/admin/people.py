"""People: customers who call, text or fill in forms. Their calls, texts and forms create them, not this page."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from subscriptions.admin.kit import times
from subscriptions.admin.kit.logs import LargeTableAdmin
from subscriptions.tenancy.access import access_of

from ..models import Person
from ..phones import formatted, read_in


@admin.register(Person)
class PersonAdmin(LargeTableAdmin):
    menu, menu_order = "people", 10
    member_rights = operator_rights = frozenset({"view", "change"})
    newest_first = ("-pk",)
    list_display = ("known_as", "number", "email", "city", "since")
    cells = {
        "known_as": "who",
        "number": "side number",
        "email": "what soft",
        "city": "soft wide",
        "since": "num when quiet",
    }
    empty_icon = "users"
    empty_text = "Calls, texts and forms make them."
    search_help_text = "Full phone number, email address or id"
    fields = ("name", "city", "state", "country", "number", "mail", "since", "history", "resource_id")
    readonly_fields = ("number", "mail", "since", "history", "resource_id")

    def find(self, request: HttpRequest, rows: QuerySet[Person], term: str) -> QuerySet[Person]:
        numbers = read_in(term, access_of(request).regions())
        return rows.filter(Q(email=term.lower()) | Q(resource_id=term) | Q(phone__in=numbers))

    @admin.display(description="person")
    def known_as(self, obj: Person) -> str:
        return obj.name or formatted(obj.phone) or obj.email or "Unknown"

    @admin.display(description="phone number")
    def number(self, obj: Person) -> str:
        return formatted(obj.phone)

    @admin.display(description="email")
    def mail(self, obj: Person) -> str:
        return obj.email

    @admin.display(description="known since")
    def since(self, obj: Person) -> str:
        return times.time_tag(obj.created_at)

    @admin.display(description="calls")
    def history(self, obj: Person) -> str:
        if not obj.phone:
            return "None"
        url = reverse("admin:calls_call_changelist")
        return format_html('<a href="{}?q=%2B{}">Show</a>', url, obj.phone.removeprefix("+"))
