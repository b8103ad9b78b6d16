"""Calls: the list, the page of a call, and a form to add one by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import URLPattern, path

from subscriptions.admin.kit.index_scans import asked_companies
from subscriptions.admin.kit.subjects import SubjectAdmin
from subscriptions.delivery.remote_files import stream_file
from subscriptions.tenancy.access import access_of

from ..callers import number_in_words
from ..models import Call, Tracker
from ..people_search import find_people
from ..phones import read_in
from ..recordings import find_login
from . import call_contacts, call_page, names  # noqa: F401  # calls as contacts of a person are registered there
from .columns import CallColumns
from .conversation import ConversationColumns
from .filters import OutcomeFilter, StartedFilter, TagFilter, TrackerFilter
from .forms import CallForm

NOTES = "What you say about it"
CAME_FROM = "Where the caller came from"
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

# What is only read on a call's page. Operators, who correct the call itself, have its columns in their form.
DETAILS: Any = ("Details", {"fields": ("location", "routed_to", "answered_when", "ended_when", "agent_email",
                                       "keys_pressed", "scored_by", "device_type", "resource_id"),
                            "classes": ("collapse",)})  # fmt: skip
READ_ONLY_FIELDSETS: Any = (
    (
        "What programs made of it",
        {"fields": (*FINDINGS, "highlights", "keywords_found", "shares"), "classes": ("collapse",)},
    ),
    (
        CAME_FROM,
        {"fields": ("source_in_words", *ATTRIBUTION[1:], "session_uuid", "custom"), "classes": ("collapse",)},
    ),
    DETAILS,
    ("For programs", {"fields": ("external_source", "external_id"), "classes": ("collapse",)}),
)
OPERATORS_FIELDSETS: Any = (
    ("Details", {"fields": ("keys_pressed", "scored_by", "highlights", "keywords_found", "shares", "resource_id"),
                 "classes": ("collapse",)}),
)  # fmt: skip


@admin.register(Call)
class CallAdmin(ConversationColumns, CallColumns, SubjectAdmin):
    form = CallForm
    change_form_template = "admin/calls/call/page.html"
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
        "tracker_name": "soft short wider",
        "tag_list": "wide",
        "time": "num when quiet",
    }
    empty_icon = "phone"
    add_words = "Log a call"
    indexed = frozenset({"tracker", "tag"})
    list_filter = (StartedFilter, "direction", OutcomeFilter, "lead_status", TrackerFilter, TagFilter)
    search_help_text = "Name, phone number or exact ID"

    def name_of(self, row: Call) -> str:
        return row.customer_name or number_in_words(row)

    def number_of(self, row: Call) -> str:
        return number_in_words(row)

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
        if named := names.find_by_name(term, asked_companies(request)):
            yield {"person__in": named}

    # --- the form -------------------------------------------------------------------------------------------------
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        if obj is None:
            return self.with_company(request, obj, list(ENTRY_FIELDSETS))
        may_edit = self.has_change_permission(request, obj)
        annotations = (NOTES, {"fields": ANNOTATIONS if may_edit else ANNOTATIONS_READ_ONLY})
        if not (may_edit and access_of(request).all_companies):
            return [annotations, *READ_ONLY_FIELDSETS]
        corrected = [(name or "The call", {"fields": options["fields"], "classes": ("collapse",)})
                     for name, options in ENTRY_FIELDSETS if options["fields"] != ANNOTATIONS]  # fmt: skip
        return [annotations, *corrected, *OPERATORS_FIELDSETS]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        shown = super().get_readonly_fields(request, obj)
        if obj is None:
            return shown
        if access_of(request).all_companies:
            return [*shown, *flatten_fieldsets(OPERATORS_FIELDSETS)]
        return [*shown, *flatten_fieldsets(READ_ONLY_FIELDSETS), "tag_list"]

    # --- its page -------------------------------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        recording = self.admin_site.admin_view(self.recording_view)
        return [path("<path:object_id>/recording/", recording, name="calls_call_recording"), *super().get_urls()]

    def page_context(self, request: HttpRequest, obj: Call) -> dict[str, Any]:
        return {
            **super().page_context(request, obj),
            **call_page.page_context(obj),
            "notes": NOTES,
            "came_from_name": CAME_FROM,
            "several": access_of(request).several,
        }

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = super().change_view(request, *args, **kwargs)
        # The recording is wherever the phone system keeps it: see callhooks_site/security/headers.py.
        answer.csp = {"media-src": "'self' https: http:"}  # type: ignore[attr-defined]
        return answer

    def recording_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The recording for the script that draws its waveform: from here, because it may read no other site's files.
        Only for the script, which asks for sound: for each request the file is fetched from wherever it is."""
        call = self.get_object(request, unquote(object_id))
        if call is not None and request.method != "GET":
            if not self.has_operate_permission(request, call):
                raise PermissionDenied
            return HttpResponseNotAllowed(["GET"])
        asked = request.headers.get("Accept", "").startswith("audio/")
        if call is None or not asked or urlsplit(call.recording_url).scheme not in ("http", "https"):
            raise Http404("There is no recording at this address.")
        return stream_file(request, call.recording_url, call.company_id, find_login(call), is_extra=True)

    def save_model(self, request: HttpRequest, obj: Call, form: Any, change: bool) -> None:
        if "lead_status" in form.changed_data:
            obj.lead_status_by = Call.ScoredBy.PERSON
        super().save_model(request, obj, form, change)

    def set_with(self, changed: list[str]) -> set[str]:
        return {"lead_status_by"} if "lead_status" in changed else set()
