"""Refused forms: what arrived, why it was refused, and what to do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from subscriptions.admin.kit.filters import related_filter
from subscriptions.intake.admin import ReceivedFilter, RefusedItemAdmin, show_values

from ..models import FormRefusal, FormSource
from ..web import refusals

Reason = FormRefusal.Reason
MOST_SHOWN = 2_000  # characters of one value

SourceFilter = related_filter("source", FormSource.objects.all(), title="web site")


@admin.register(FormRefusal)
class FormRefusalAdmin(RefusedItemAdmin):
    menu, menu_order, menu_name = "numbers", 50, "Refused forms"
    audit_noun = "a refused form"
    what_to_do = {
        Reason.INACTIVE: "Make the source active, then accept the form.",
        Reason.SITE: "If the site is yours, add it to the source’s sites, then accept the form. Otherwise dismiss it.",
        Reason.TRAP: "If a person wrote this, accept it. If it happens often, rename the trap field: a browser may "
        "have filled it in.",
        Reason.TOO_MANY: "If people wrote this, accept it; the operator can raise FORMS_PER_MINUTE. Otherwise dismiss "
        "it.",
        Reason.FILE: "Accept it without its files, and remove the file field from the form on your site.",
        Reason.TOO_LARGE: "If a person wrote this, accept it. If it happens often, make the form on your site ask for "
        "less at once.",
        Reason.MALFORMED: "If the fields below are a person’s, accept it. Then fix the page or the program that sends "
        "it.",
    }
    empty_icon = "circle-check"
    empty_text = "A form that Callhooks does not accept is kept here, so that you can accept it later."
    list_display = ("reason", "state_badge", "origin", "fields_in_short", "source", "times", "when")
    cells = {
        "reason": "who",
        "state_badge": "side",
        "origin": "soft short wide",
        "fields_in_short": "what soft clip",
        "source": "soft short",
        "times": "num wide",
        "when": "num when quiet",
    }
    list_filter = (ReceivedFilter, "state", "reason", SourceFilter)
    search_help_text = "Sender’s address, or the site"
    readonly_fields = (
        "when", "why", "to_do", "state_badge", "source_name", "origin", "address", "times", "form_fields",
        "attribution",
    )  # fmt: skip

    def accept(self, row: FormRefusal) -> int:
        return int(refusals.accept(row))

    def can_accept(self, row: FormRefusal) -> bool:
        return row.form is not None

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        fields = ("why", "to_do", "state_badge", "when", "times", "source_name", "origin", "address")
        return self.with_company(
            request, obj, [(None, {"fields": fields}), ("The form", {"fields": ("form_fields", "attribution")})]
        )

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows.filter(address=term) | rows.filter(origin=term)

    @admin.display(description="fields")
    def fields_in_short(self, obj: FormRefusal) -> str:
        return ", ".join(_part(obj, "fields").values())[:80] or "–"

    @admin.display(description="fields")
    def form_fields(self, obj: FormRefusal) -> str:
        return show_values(_part(obj, "fields").items(), most=MOST_SHOWN) or refusals.FIELDS_NOT_KEPT

    @admin.display(description="where the visitor came from")
    def attribution(self, obj: FormRefusal) -> str:
        return show_values(_part(obj, "attribution").items(), most=MOST_SHOWN) or "–"


def _part(refusal: FormRefusal, name: str) -> dict[str, str]:
    # The fields are pairs; in rows from before they kept their order, an object.
    return dict((refusal.form or {}).get(name, {}))
