"""What a provider reported about a call: it explains the call's times and numbers."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from subscriptions.admin.kit import times
from subscriptions.admin.kit.filters import related_filter
from subscriptions.admin.kit.logs import LogAdmin

from ..models import IngestSource, ProviderCall

# SHAKEN/STIR attestation levels: what the caller's own phone company vouches for.
_ATTESTED = {"A": "the caller may use this number", "B": "the caller is known, the number is not", "C": "nothing"}

SourceFilter = related_filter("source", IngestSource.objects.all(), title="source")


@admin.register(ProviderCall)
class ProviderCallAdmin(LogAdmin):
    menu, menu_order, menu_name = "numbers", 70, "Provider reports"
    related = ("source", "call", "call__tracker")
    deferred = ("source__auth_token", "source__previous_auth_token")
    deferred_in_list = ("facts",)
    newest_first = ("-pk",)
    list_display = ("sid", "call_link", "source", "heard")
    cells = {"sid": "who mono", "call_link": "what clip", "source": "side soft", "heard": "num when quiet"}
    list_filter = (SourceFilter,)
    search_help_text = "The call’s full SID"
    readonly_fields = ("sid", "call_link", "source_name", "heard", "caller_id", "caller_name", "reported")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        return self.with_company(request, obj, [(None, {"fields": self.readonly_fields})])

    def find(self, request: HttpRequest, rows: QuerySet[Any], term: str) -> QuerySet[Any]:
        return rows.filter(sid=term)

    @admin.display(description="call")
    def call_link(self, obj: ProviderCall) -> str:
        if obj.call is None:
            return "None yet: no callback said who calls whom"
        return format_html('<a href="{}">{}</a>', reverse("admin:calls_call_change", args=[obj.call_id]), obj.call)

    @admin.display(description="source")
    def source_name(self, obj: ProviderCall) -> str:
        return str(obj.source)

    @admin.display(description="last update")
    def heard(self, obj: ProviderCall) -> str:
        return times.time_tag(obj.heard_at)

    @admin.display(description="caller id")
    def caller_id(self, obj: ProviderCall) -> str:
        """Reads `TN-Validation-Passed-A`: whether the signature was valid, and the attestation level."""
        verdict = obj.facts.get("parties", {}).get("stir", "")
        if not verdict:
            return "Not signed"
        _, _, rest = verdict.partition("TN-Validation-")
        outcome, _, level = rest.partition("-")
        held = {"Passed": "The signature is valid", "Failed": "The signature is not valid", "No": "Not signed"}
        vouched = f"; the caller’s phone company vouches: {_ATTESTED[level]}" if level in _ATTESTED else ""
        return f"{held.get(outcome, verdict)}{vouched} ({verdict})"

    @admin.display(description="caller’s name, from the network")
    def caller_name(self, obj: ProviderCall) -> str:
        return obj.facts.get("parties", {}).get("caller_name", "") or "–"

    @admin.display(description="everything reported")
    def reported(self, obj: ProviderCall) -> str:
        return format_html("<pre>{}</pre>", json.dumps(obj.facts, indent=2, ensure_ascii=False, sort_keys=True))
