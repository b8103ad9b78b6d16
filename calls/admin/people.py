"""People: customers who call, text or fill in forms. Their calls, texts and forms create them, not this page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join

from subscriptions.admin.kit import times
from subscriptions.admin.kit.index_scans import asked_companies
from subscriptions.admin.kit.logs import LargeTableAdmin
from subscriptions.tenancy.access import access_of

from ..models import Person
from ..people_search import find_main_rows
from ..phones import formatted
from . import names, people_page
from .merging import MergingAdmin


@admin.register(Person)
class PersonAdmin(LargeTableAdmin, MergingAdmin):
    menu, menu_order = "people", 10
    member_rights = operator_rights = frozenset({"view", "change"})
    newest_first = ("-pk",)
    related = ("merged_into",)
    list_display = ("known_as", "number", "email", "city", "since")
    cells = {
        "known_as": "who",
        "number": "what number",
        "email": "side soft",
        "city": "soft wide",
        "since": "num when quiet",
    }
    empty_icon = "users"
    empty_text = "Calls, texts and forms make them."
    empty_guide = "guide#find-a-caller"
    search_help_text = "Name, phone number, email or ID"
    change_form_template = "admin/calls/person/page.html"
    fieldsets = (
        ("Name and place", {"fields": ("name", "city", "state", "country"), "classes": ("collapse",)}),
        (None, {"fields": ("same_as", "resource_id")}),
    )
    readonly_fields = ("same_as", "resource_id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        rows: QuerySet[Person] = super().get_queryset(request)
        match = request.resolver_match
        listed = match is not None and match.url_name == "calls_person_changelist"
        return rows.filter(merged_into=None) if listed else rows

    def find(self, request: HttpRequest, rows: QuerySet[Person], term: str) -> QuerySet[Person]:
        access = access_of(request)
        people = access.limit(Person.objects.all(), "company")
        named = names.main_rows(names.find_by_name(term, asked_companies(request)))
        return rows.filter(pk__in={*find_main_rows(people, term, access.regions()), *named})

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Those who have no name yet get the one that their newest calls have."""
        listed = super().get_changelist_instance(request)
        rows: list[Person] = list(listed.result_list)
        known = names.names_of([row.pk for row in rows if not row.name])
        for row in rows:
            row.name = row.name or known.get(row.pk, "")
        listed.result_list = rows
        return listed

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        return list(self.fieldsets)

    def page_context(self, request: HttpRequest, obj: Person) -> dict[str, Any]:
        rows = _rows(obj.main)
        return {
            **super().page_context(request, obj),
            **people_page.page_context(request, obj, rows),
            "several": access_of(request).several,
            "main_url": self.change_url(rows[0].pk),
        }

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.change_url(obj.pk))  # which shows what was saved

    @admin.display(description="person")
    def known_as(self, obj: Person) -> str:
        return obj.name or formatted(obj.phone) or obj.email or "Unknown"

    @admin.display(description="phone number")
    def number(self, obj: Person) -> str:
        return formatted(obj.phone)

    @admin.display(description="same person as")
    def same_as(self, obj: Person) -> str:
        others = [row for row in (_rows(obj) if obj.merged_into is None else [obj.merged_into]) if row.pk != obj.pk]
        links = ((reverse("admin:calls_person_change", args=[row.pk]), str(row)) for row in others)
        return format_html_join(", ", '<a href="{}">{}</a>', links) or "Nobody else"

    @admin.display(description="known since")
    def since(self, obj: Person) -> str:
        return times.time_tag(obj.created_at)


def _rows(person: Person) -> list[Person]:
    """The main row, and those that are merged into it; read once for a page."""
    kept: Any = person
    if not hasattr(kept, "merged_ones"):
        kept.merged_ones = list(Person.objects.filter(merged_into=person.pk).order_by("pk"))
    return [person, *kept.merged_ones]
