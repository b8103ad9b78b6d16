"""Calls: the list, the page of a call, and a form to add one by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from subscriptions.admin.kit.subjects import SubjectAdmin
from subscriptions.tenancy.access import access_of

from ..callers import number_in_words
from ..models import Call, Tracker
from ..people_search import find_people
from ..phones import read_in
from .columns import CallColumns
from .conversation import ConversationColumns
from .filters import OutcomeFilter, StartedFilter, TagFilter, TrackerFilter
from .forms import CallForm

ANNOTATIONS = ("lead_status", "value", "tags", "new_tags", "note")
ANNOTATIONS_READ_ONLY = ("lead_status", "value", "tag_list", "note")
LARGE = ("transcription_text", "conversational_transcript", "waveforms", "milestones", "keywords_spotted",
         "call_highlights", "speaker_percent", "keypad_entries", "call_summary", "lead_explanation")  # fmt: skip

ATTRIBUTION = ("source", "medium", "campaign", "keywords", "referrer", "landing_page_url", "last_requested_url",
               "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
               "gclid", "gbraid", "wbraid", "fbclid", "msclkid", "ttclid", "li_fat_id")  # fmt: skip
# What a program or a provider made of what was said.
FINDINGS = ("call_summary", "sentiment", "lead_score", "lead_explanation")

# The form for a call that somebody adds by hand.
ENTRY_FIELDSETS = (
    (None, {"fields": ("tracker", "direction", "customer_phone_number", "customer_name",
                       ("customer_city", "customer_state", "zip_code", "customer_country"), "device_type"),
            "description": "Saving sends webhooks, as for a call that happens now."}),
    ("How it went", {"fields": ("start_time", "answered_at", "ended_at", "duration", ("voicemail", "abandoned", "spam"),
                                "business_phone_number", "agent_email")}),
    ("Recording", {"fields": ("recording_url", "recording_duration", "transcription_text")}),
    ("Notes and tags", {"fields": ANNOTATIONS}),
    ("What was said", {"fields": FINDINGS, "classes": ("collapse",)}),
    ("Where the customer came from", {"fields": (*ATTRIBUTION, "session_uuid", "custom"), "classes": ("collapse",)}),
    ("The system it comes from", {"fields": ("external_source", "external_id"), "classes": ("collapse",)}),
)  # fmt: skip

# What members see of a call that a phone system brought in.
READ_ONLY_FIELDSETS: Any = (
    ("The call", {"fields": (("customer", "location"), ("tracking_number", "routed_to"),
                             ("direction_in_words", "outcome", "length"),
                             ("time", "answered_when", "ended_when"), "agent_email", "keys_pressed", "scored_by")}),
    ("Recording", {"fields": ("recording", "transcription")}),
    ("What was said", {"fields": (*FINDINGS, "highlights", "keywords_found", "shares"), "classes": ("collapse",)}),
    ("Where the customer came from", {"fields": ("source_in_words", *ATTRIBUTION[1:], "device_type", "session_uuid",
                                                 "custom"), "classes": ("collapse",)}),
    ("For programs", {"fields": ("resource_id", "external_source", "external_id"), "classes": ("collapse",)}),
)  # fmt: skip


@admin.register(Call)
class CallAdmin(ConversationColumns, CallColumns, SubjectAdmin):
    form = CallForm
    menu, menu_order = "activity", 10
    import_kind = "calls"
    find_people = staticmethod(find_people)
    newest_first = ("-start_time", "-pk")
    related = ("tracker",)
    deferred_in_list = LARGE
    list_display = ("who", "outcome", "length", "source_in_words", "tracker_name", "tag_list", "time")
    cells = {
        "who": "who",
        "outcome": "what",
        "length": "num side quiet",
        "source_in_words": "soft short",
        "tracker_name": "soft short wide",
        "tag_list": "wide",
        "time": "num when quiet",
    }
    empty_icon = "phone"
    indexed = frozenset({"tracker", "tag"})
    list_filter = (StartedFilter, "direction", OutcomeFilter, "lead_status", TrackerFilter, TagFilter)
    search_help_text = "The customer’s number, a tracking number, or the exact id of a call"

    def name_of(self, row: Call) -> str:
        return row.customer_name or number_in_words(row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("tags")

    def search_conditions(self, request: HttpRequest, term: str) -> Iterator[dict[str, Any]]:
        yield from super().search_conditions(request, term)
        access = access_of(request)
        numbers = read_in(term, access.regions())
        found = access.limit(Tracker.objects.filter(phone_number__in=numbers), "company") if numbers else ()
        trackers = [number.pk for number in found]
        if trackers:
            yield {"tracker__in": trackers}

    # --- the form -------------------------------------------------------------------------------------------------
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        may_edit = obj is None or self.has_change_permission(request, obj)
        if obj is None or (may_edit and access_of(request).all_companies):
            asked = (
                list(ENTRY_FIELDSETS)
                if obj is None
                else [ENTRY_FIELDSETS[3], *ENTRY_FIELDSETS[:3], *ENTRY_FIELDSETS[4:]]
            )
            return self.with_company(request, obj, asked)
        annotations = (
            "Your notes and tags" if may_edit else "Notes and tags",
            {"fields": ANNOTATIONS if may_edit else ANNOTATIONS_READ_ONLY},
        )
        return self.with_company(request, obj, [annotations, *READ_ONLY_FIELDSETS])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        shown = super().get_readonly_fields(request, obj)
        if obj is None or access_of(request).all_companies:
            return shown
        return [*shown, *flatten_fieldsets(READ_ONLY_FIELDSETS), "tag_list"]

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = super().change_view(request, *args, **kwargs)
        # The recording is wherever the phone system keeps it: see callhooks_site/security/headers.py.
        answer.csp = {"media-src": "'self' https: http:"}  # type: ignore[attr-defined]
        return answer

    def save_model(self, request: HttpRequest, obj: Call, form: Any, change: bool) -> None:
        if "lead_status" in form.changed_data:
            obj.lead_status_by = Call.ScoredBy.PERSON
        super().save_model(request, obj, form, change)

    def set_with(self, changed: list[str]) -> set[str]:
        return {"lead_status_by"} if "lead_status" in changed else set()
