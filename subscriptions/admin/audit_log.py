"""The audit log: who did what, newest first. Nobody can edit it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from ..models import ApiKey, AuditEntry
from ..tenancy.access import access_of
from .kit import labels, times
from .kit.filters import AnyTimeFilter, is_id
from .kit.logs import LogAdmin

MAX_CHOICES = 25  # people, and keys; the search finds what others did
NEWEST_ENTRIES = 2_000  # the filter offers the acts that occur in them


class WhenFilter(AnyTimeFilter):
    field = "at"


class WhoFilter(SimpleListFilter):
    """Offers members and API keys of the companies that the visitor may see. Operators are one choice."""

    title = "who"
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        access = access_of(request)
        people = access.limit(get_user_model()._default_manager.all(), "memberships__company").distinct()
        keys = access.limit(ApiKey.objects.all(), "company")
        return [
            ("operators", "Operators"),
            *((f"u{pk}", name) for pk, name in people.order_by("username").values_list("pk", "username")[:MAX_CHOICES]),
            *((f"k{key.pk}", f"API key {key}") for key in keys.only("name", "prefix")[:MAX_CHOICES]),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        if chosen == "operators":
            return queryset.filter(as_operator=True)
        if chosen and not is_id(chosen[1:]):
            return queryset.none()
        if chosen[:1] == "u":
            return queryset.filter(user=int(chosen[1:]))
        return queryset.filter(api_key=int(chosen[1:])) if chosen else queryset


class ActFilter(SimpleListFilter):
    title = "action"
    parameter_name = "act"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = access_of(request).limit(AuditEntry.objects.order_by("-pk"), "company")[:NEWEST_ENTRIES]
        acts = sorted(set(newest.values_list("act", flat=True)))
        return [(act, act) for act in acts]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(act=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(LogAdmin):
    menu, menu_order, menu_name = "settings", 50, "Audit log"
    list_display = ("act", "of_what", "who", "detail", "when")
    cells = {"act": "who", "of_what": "what", "who": "side soft", "detail": "soft clip wide", "when": "num when quiet"}
    indexed = frozenset({"act"})
    search_is_indexed = False
    list_filter = (WhenFilter, WhoFilter, ActFilter)
    search_help_text = "Exact email address or exact ID"
    newest_first = ("-at", "-pk")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        fields = ["when", "who", "act", "of_what", "detail"]
        return self.with_company(request, obj, [(None, {"fields": fields})])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return ["when", "who", "of_what", *super().get_readonly_fields(request, obj)]

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows.filter(Q(actor=term) | Q(object_id=term))

    @admin.display(description="when")
    def when(self, obj: AuditEntry) -> str:
        return times.time_tag(obj.at)

    @admin.display(description="who")
    def who(self, obj: AuditEntry) -> str:
        return format_html("{} {}", obj.actor, labels.badge("operator", "quiet")) if obj.as_operator else obj.actor

    @admin.display(description="object")
    def of_what(self, obj: AuditEntry) -> str:
        return f"{obj.object_type} {obj.object_name}".strip()
