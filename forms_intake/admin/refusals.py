"""Refused forms: what came, why it was not taken in, and what to do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.buttons import ButtonsAdmin, button
from subscriptions.admin.kit.filters import AnyTimeFilter, related_filter
from subscriptions.admin.kit.logs import LargeTableAdmin
from subscriptions.admin.kit.tenancy import READ
from subscriptions.tenancy.audit_log import Actor, record

from ..models import FormRefusal, FormSource
from ..web import refusals
from ..web.taking_in import Refused

Reason, State = FormRefusal.Reason, FormRefusal.State
MOST_SHOWN = 2_000  # characters of one value

WHAT_TO_DO = {
    Reason.INACTIVE: "Make the source active, then take it in.",
    Reason.SITE: "If the site is yours, add it to the source’s sites, then take it in. Else dismiss it.",
    Reason.TRAP: "If a person wrote this, take it in. If that happens more often, give the trap field another name: a "
    "browser may have filled it in.",
    Reason.TOO_MANY: "If people wrote this, take it in; the operator can raise FORMS_PER_MINUTE. Else dismiss it.",
    Reason.FILE: "Take the file field out of the form.",
    Reason.TOO_LARGE: "Nothing can be done with it here; the form asks for too much at once.",
    Reason.MALFORMED: "Mend the page that sends it.",
}


class ReceivedFilter(AnyTimeFilter):
    field = "received_at"


SourceFilter = related_filter("source", FormSource.objects.all(), title="web site")


@admin.register(FormRefusal)
class FormRefusalAdmin(ButtonsAdmin, LargeTableAdmin):
    menu, menu_order = "Texts and forms", 70
    member_rights = operator_rights = READ
    related = ("source",)
    newest_first = ("-received_at", "-pk")
    list_display = ("when", "reason", "origin", "said_in_short", "source", "state_badge", "times")
    list_filter = (ReceivedFilter, "state", "reason", SourceFilter)
    search_help_text = "The sender’s address, or the site as https://www.example.com"
    buttons = ("take_in", "dismiss")
    actions = ("take_in_selected", "dismiss_selected")
    readonly_fields = (
        "when", "why", "to_do", "state_badge", "source_name", "origin", "address", "times", "what_it_says",
        "where_from",
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        fields = ("why", "to_do", "state_badge", "when", "times", "source_name", "origin", "address")
        return self.with_company(
            request, obj, [(None, {"fields": fields}), ("The form", {"fields": ("what_it_says", "where_from")})]
        )

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows.filter(address=term) | rows.filter(origin=term)

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="when")
    def when(self, obj: FormRefusal) -> str:
        return times.time_tag(obj.received_at)

    @admin.display(description="why")
    def why(self, obj: FormRefusal) -> str:
        return format_html("{}<br><small>{}</small>", obj.get_reason_display(), obj.detail)

    @admin.display(description="what to do")
    def to_do(self, obj: FormRefusal) -> str:
        return WHAT_TO_DO[Reason(obj.reason)] if obj.state == State.OPEN else "Nothing more."

    @admin.display(description="state")
    def state_badge(self, obj: FormRefusal) -> str:
        tones = {State.OPEN: "bad", State.TAKEN_IN: "good", State.DISMISSED: "quiet"}
        badge = labels.badge(obj.get_state_display(), tones[State(obj.state)])
        return format_html("{} {}", badge, times.time_tag(obj.resolved_at)) if obj.resolved_at else badge

    @admin.display(description="source")
    def source_name(self, obj: FormRefusal) -> str:
        return str(obj.source)

    @admin.display(description="fields")
    def said_in_short(self, obj: FormRefusal) -> str:
        fields = (obj.said or {}).get("fields", {})
        return ", ".join(fields.values())[:80] or "–"

    @admin.display(description="fields")
    def what_it_says(self, obj: FormRefusal) -> str:
        return _listed((obj.said or {}).get("fields", {})) or refusals.WITHOUT_FIELDS

    @admin.display(description="where the visitor came from")
    def where_from(self, obj: FormRefusal) -> str:
        return _listed((obj.said or {}).get("attribution", {})) or "–"

    # --- what can be done -----------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        if obj.state != State.OPEN:
            return ()
        return ("dismiss",) if obj.said is None else ("take_in", "dismiss")

    @button("Take it in")
    def take_in(self, request: HttpRequest, obj: FormRefusal) -> None:
        self._take_in(request, [obj])

    @button("Dismiss")
    def dismiss(self, request: HttpRequest, obj: FormRefusal) -> None:
        refusals.dismiss(obj)
        record(Actor.person(request.user), "Dismissed", obj)
        self.message_user(request, "Dismissed.", messages.SUCCESS)

    @admin.action(description="Take in", permissions=["operate"])
    def take_in_selected(self, request: HttpRequest, queryset: QuerySet[FormRefusal]) -> None:
        self._take_in(request, list(self.writable(request, queryset.filter(state=State.OPEN)).order_by("received_at")))

    @admin.action(description="Dismiss", permissions=["operate"])
    def dismiss_selected(self, request: HttpRequest, queryset: QuerySet[FormRefusal]) -> None:
        rows = list(self.writable(request, queryset.filter(state=State.OPEN)))
        for row in rows:
            refusals.dismiss(row)
            record(Actor.person(request.user), "Dismissed", row)
        self.message_user(request, f"{len(rows)} dismissed.", messages.SUCCESS)

    def _take_in(self, request: HttpRequest, rows: list[FormRefusal]) -> None:
        taken, refused = 0, []
        for row in rows:
            try:
                if not refusals.replay(row):
                    continue
            except Refused as error:
                refused.append(str(error))
                continue
            taken += 1
            record(Actor.person(request.user), "Took in a refused form", row)
        if taken:
            self.message_user(request, f"{taken} taken in.", messages.SUCCESS)
        for said in dict.fromkeys(refused):
            count = refused.count(said)
            again = "Refused again" if count == 1 else f"{count} were refused again"
            self.message_user(request, f"{again}: {said}", messages.ERROR)


def _listed(values: dict[str, str]) -> str:
    rows = ((name[:200], value[:MOST_SHOWN]) for name, value in values.items())
    return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows)) if values else ""
