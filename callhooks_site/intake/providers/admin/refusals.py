"""Refused callbacks: what came, why it brought nothing in, and what to do."""

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

from .. import refusals
from ..callback import Malformed
from ..intake import Refused
from ..models import IngestSource, RefusedCallback

Reason, State = RefusedCallback.Reason, RefusedCallback.State
MOST_SHOWN = 500  # characters of one value

WHAT_TO_DO = {
    Reason.SIGNATURE: "Set the right auth token at the source, then take it in. If the URL at the provider does not "
    "begin with this service’s address, mend it there. If you know nothing of it, somebody else sent it: dismiss it.",
    Reason.ACCOUNT: "Make a source of its own for that account, and paste its URLs there.",
    Reason.NUMBER: "Add the number under Tracking numbers, then take it in.",
    Reason.PAUSED: "Resume the source, then take it in.",
    Reason.MALFORMED: "If you can mend what it says, do; it can be tried again. Else dismiss it.",
    Reason.NO_CONTENT: "Have your program name the text in the StatusCallback’s URL; see “How to connect”.",
    Reason.NO_CALL: "Set the “Call status” URL at the phone number. If the rest still comes, take it in.",
    Reason.TOO_LARGE: "Its body was not kept. Nothing can be done with it here.",
}


class ReceivedFilter(AnyTimeFilter):
    field = "received_at"


SourceFilter = related_filter("source", IngestSource.objects.all(), title="source")


@admin.register(RefusedCallback)
class RefusedCallbackAdmin(ButtonsAdmin, LargeTableAdmin):
    menu, menu_order = "Calls", 70
    member_rights = operator_rights = READ
    related = ("source",)
    deferred = ("source__auth_token", "source__previous_auth_token")
    deferred_in_list = ("body",)
    newest_first = ("-received_at", "-pk")
    list_display = ("when", "reason", "about", "source", "state_badge", "times")
    list_filter = (ReceivedFilter, "state", "reason", SourceFilter)
    search_help_text = "The SID of a call or message, in full"
    buttons = ("take_in", "dismiss")
    actions = ("take_in_selected", "dismiss_selected")
    readonly_fields = (
        "when", "why", "to_do", "state_badge", "about", "source_name", "url", "times", "what_it_says", "signature",
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        fields = ("why", "to_do", "state_badge", "when", "times", "source_name", "about")
        return self.with_company(
            request,
            obj,
            [(None, {"fields": fields}), ("The callback", {"fields": ("url", "what_it_says", "signature")})],
        )

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows.filter(subject_sid=term)

    # --- columns --------------------------------------------------------------------------------------------------
    @admin.display(description="when")
    def when(self, obj: RefusedCallback) -> str:
        return times.time_tag(obj.received_at)

    @admin.display(description="why")
    def why(self, obj: RefusedCallback) -> str:
        return format_html("{}<br><small>{}</small>", obj.get_reason_display(), obj.detail)

    @admin.display(description="what to do")
    def to_do(self, obj: RefusedCallback) -> str:
        return WHAT_TO_DO[Reason(obj.reason)] if obj.state == State.OPEN else "Nothing more."

    @admin.display(description="state")
    def state_badge(self, obj: RefusedCallback) -> str:
        tones = {State.OPEN: "bad", State.TAKEN_IN: "good", State.DISMISSED: "quiet"}
        badge = labels.badge(obj.get_state_display(), tones[State(obj.state)])
        return format_html("{} {}", badge, times.time_tag(obj.resolved_at)) if obj.resolved_at else badge

    @admin.display(description="about")
    def about(self, obj: RefusedCallback) -> str:
        return obj.subject_sid or "–"

    @admin.display(description="source")
    def source_name(self, obj: RefusedCallback) -> str:
        return str(obj.source)

    @admin.display(description="sent to")
    def url(self, obj: RefusedCallback) -> str:
        return f"{obj.method} …/{obj.place}" + (f"?{obj.query}" if obj.query else "")

    @admin.display(description="what it says")
    def what_it_says(self, obj: RefusedCallback) -> str:
        try:
            said = refusals.delivered_again(obj).parameters
        except Malformed as error:
            return str(error)
        if not said:
            return "–"
        rows = ((name[:80], value.replace("\x00", "")[:MOST_SHOWN]) for name, value in sorted(said.items()))
        return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))

    # --- what can be done -----------------------------------------------------------------------------------------
    def buttons_for(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        if obj.state != State.OPEN:
            return ()
        return ("dismiss",) if obj.reason == Reason.TOO_LARGE else ("take_in", "dismiss")

    @button("Take it in")
    def take_in(self, request: HttpRequest, obj: RefusedCallback) -> None:
        self._take_in(request, [obj])

    @button("Dismiss")
    def dismiss(self, request: HttpRequest, obj: RefusedCallback) -> None:
        refusals.dismiss(obj)
        record(Actor.person(request.user), "Dismissed", obj)
        self.message_user(request, "Dismissed.", messages.SUCCESS)

    @admin.action(description="Take in", permissions=["operate"])
    def take_in_selected(self, request: HttpRequest, queryset: QuerySet[RefusedCallback]) -> None:
        self._take_in(request, list(self.writable(request, queryset.filter(state=State.OPEN)).order_by("received_at")))

    @admin.action(description="Dismiss", permissions=["operate"])
    def dismiss_selected(self, request: HttpRequest, queryset: QuerySet[RefusedCallback]) -> None:
        rows = list(self.writable(request, queryset.filter(state=State.OPEN)))
        for row in rows:
            refusals.dismiss(row)
            record(Actor.person(request.user), "Dismissed", row)
        self.message_user(request, f"{len(rows)} dismissed.", messages.SUCCESS)

    def _take_in(self, request: HttpRequest, rows: list[RefusedCallback]) -> None:
        taken, refused = 0, []
        for row in rows:
            try:
                count = refusals.replay(row)
            except Refused as error:
                refused.append(error.detail)
                continue
            taken += count
            if count:
                record(Actor.person(request.user), "Took in a refused callback", row, detail=row.subject_sid)
        if taken:
            told = "Taken in." if taken == 1 else f"{taken} taken in: all that was refused of a call goes together."
            self.message_user(request, told, messages.SUCCESS)
        for words_of_it in dict.fromkeys(refused):
            count = refused.count(words_of_it)
            again = "Refused again" if count == 1 else f"{count} were refused again"
            self.message_user(request, f"{again}: {words_of_it}", messages.ERROR)
        if not taken and not refused:
            self.message_user(request, "There was nothing to take in.", messages.WARNING)
