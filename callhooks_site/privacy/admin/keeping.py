"""How long a company keeps its data: an owner says so."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from subscriptions.admin.kit.tenancy import TenantAdmin
from subscriptions.tenancy.access import OWNERS, access_of

from ..models import KINDS, KeptDays, most_days

ABOUT = (
    "What is older is deleted within an hour, for good: calls, texts and forms with what reports count of them, and "
    "people of whom nothing is left. Webhooks: the log with all bodies and answers, refused items, manifests."
)

LABELS = {field.name: str(field.verbose_name) for field in KeptDays._meta.concrete_fields}


@admin.register(KeptDays)
class KeptDaysAdmin(TenantAdmin):
    menu, menu_order, menu_name = "settings", 65, "How long data is kept"
    writers = OWNERS
    confirms = True
    member_rights = operator_rights = frozenset({"view", "add", "change", "delete"})
    list_display = ("company", "in_days")
    cells = {"company": "who", "in_days": "what"}
    fieldsets = ((None, {"fields": KINDS, "description": ABOUT}),)
    empty_icon = "shield-check"
    empty_text = "Everything is kept as long as this service keeps it. Say here if that is too long."
    empty_guide = "privacy#how-long-it-is-kept"
    add_words = "How long data is kept"
    add_one_at_a_time = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_operate_permission(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """A company has one: that one, if it is there."""
        company = access_of(request).only_company(self.writers)
        if company is not None and KeptDays.objects.filter(company=company).exists():
            return HttpResponseRedirect(self.change_url(company.pk))
        return super().add_view(request, form_url, extra_context)

    @admin.display(description="kept")
    def in_days(self, obj: KeptDays) -> str:
        said = []
        for kind in KINDS:
            days = getattr(obj, kind) or most_days(kind)
            label = LABELS[kind]
            said.append(f"{label} {days:g} days" if days else f"{label} without end")
        return ", ".join(said)
