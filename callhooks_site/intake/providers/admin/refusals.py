"""Refused callbacks: what arrived, why it was refused, and what to do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from subscriptions.admin.kit.filters import related_filter
from subscriptions.intake.admin import ReceivedFilter, RefusedItemAdmin, show_values

from .. import refusals
from ..callback_request import Malformed
from ..models import IngestSource, RefusedCallback

Reason = RefusedCallback.Reason
MOST_SHOWN = 500  # characters of one value

SourceFilter = related_filter("source", IngestSource.objects.all(), title="source")


@admin.register(RefusedCallback)
class RefusedCallbackAdmin(RefusedItemAdmin):
    menu, menu_order, menu_name = "numbers", 60, "Refused callbacks"
    audit_noun = "a refused callback"
    what_to_do = {
        Reason.SIGNATURE: "Set the right auth token at the source, then accept it. If the URL at the provider does not "
        "start with this service’s address, fix it there. If it is not yours, somebody else sent it: dismiss it.",
        Reason.ACCOUNT: "Add a source for that account, and paste its URLs there.",
        Reason.NUMBER: "Add the number under Tracking numbers, then accept it.",
        Reason.PAUSED: "Resume the source, then accept it.",
        Reason.MALFORMED: "If you can fix what it says is wrong, accept it afterwards. Otherwise dismiss it.",
        Reason.NO_CONTENT: "Let your program put the text into the StatusCallback’s URL; see “How to connect”.",
        Reason.NO_CALL: "Set the “Call status” URL at the phone number. If the missing part still arrives, accept it.",
        Reason.TOO_LARGE: "Its body was not kept, so it cannot be accepted. Dismiss it.",
    }
    empty_icon = "circle-check"
    empty_text = "What a phone system sends and Callhooks cannot accept is kept here, with what to do about it."
    deferred = ("source__auth_token", "source__previous_auth_token")
    deferred_in_list = ("body",)
    list_display = ("reason", "state_badge", "about", "source", "times", "when")
    cells = {
        "reason": "who",
        "state_badge": "side",
        "about": "what soft clip",
        "source": "soft short wide",
        "times": "num wide",
        "when": "num when quiet",
    }
    list_filter = (ReceivedFilter, "state", "reason", SourceFilter)
    search_help_text = "The full SID of a call or message"
    readonly_fields = (
        "when", "why", "to_do", "state_badge", "about", "source_name", "url", "times", "parameters", "signature",
    )  # fmt: skip

    def accept(self, row: RefusedCallback) -> int:
        return refusals.accept(row)

    def can_accept(self, row: RefusedCallback) -> bool:
        return row.reason != Reason.TOO_LARGE

    def audit_detail(self, row: RefusedCallback) -> str:
        return row.subject_sid

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        fields = ("why", "to_do", "state_badge", "when", "times", "source_name", "about")
        return self.with_company(
            request,
            obj,
            [(None, {"fields": fields}), ("The callback", {"fields": ("url", "parameters", "signature")})],
        )

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows.filter(subject_sid=term)

    @admin.display(description="about")
    def about(self, obj: RefusedCallback) -> str:
        return obj.subject_sid or "–"

    @admin.display(description="sent to")
    def url(self, obj: RefusedCallback) -> str:
        return f"{obj.method} …/{obj.place}" + (f"?{obj.query}" if obj.query else "")

    @admin.display(description="parameters")
    def parameters(self, obj: RefusedCallback) -> str:
        try:
            parameters = refusals.build_request(obj).parameters
        except Malformed as error:
            return str(error)
        return show_values(sorted(parameters.items()), most=MOST_SHOWN) or "–"
