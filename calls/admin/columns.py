"""The columns of a call, in lists and on its page."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.icons import icon

from ..call_states import FORMATTED_TYPES, call_type
from ..callers import WITHHELD, number_in_words
from ..models import Call
from ..payloads import values
from ..phones import formatted

_TONES = {"answered": "good", "in_progress": "busy", "missed": "bad", "abandoned": "bad", "voicemail": "warn"}


_ICONS = {
    "outbound": "phone-outgoing",
    "missed": "phone-missed",
    "abandoned": "phone-missed",
    "voicemail": "voicemail",
}


def call_kind(obj: Call) -> str:
    """As `call_type`, but a voicemail is one with or without its transcription, which lists do not load."""
    return "voicemail" if obj.voicemail else call_type(obj)


class CallColumns:
    @admin.display(description="time", ordering="start_time")
    def time(self, obj: Call) -> str:
        return times.time_tag(obj.start_time)

    @admin.display(description="who")
    def who(self, obj: Call) -> str:
        kind = call_kind(obj)
        number = number_in_words(obj)
        name = obj.customer_name or number
        beside = (
            format_html(' <span class="number hide-phone">{}</span>', number)
            if obj.customer_name and number != WITHHELD
            else ""
        )
        label = f"{FORMATTED_TYPES[kind].removesuffix(' Call')}, {obj.get_direction_display().lower()}"
        return format_html(
            '<span class="who" title="{}">{}{}{}</span>', label, icon(_ICONS.get(kind, "phone-incoming")), name, beside
        )

    @admin.display(description="direction")
    def direction_in_words(self, obj: Call) -> str:
        return obj.get_direction_display()

    @admin.display(description="customer")
    def customer(self, obj: Call) -> str:
        number = number_in_words(obj)
        if not obj.customer_phone_number and obj.customer_as_reported not in ("", number):
            number = f"{number} (reported as {obj.customer_as_reported})"
        url = reverse("admin:calls_person_change", args=[obj.person_id]) if obj.person_id else ""
        name = obj.customer_name or number
        shown = format_html('<a href="{}">{}</a>', url, name) if url else name
        return format_html("{}<small>{}</small>", shown, number) if obj.customer_name else shown

    @admin.display(description="tracking number")
    def tracking_number(self, obj: Call) -> str:
        return format_html("{}<small>{}</small>", obj.tracker.name, formatted(obj.tracker.phone_number))

    @admin.display(description="tracking number")
    def tracker_name(self, obj: Call) -> str:
        return obj.tracker.name

    @admin.display(description="duration")
    def length(self, obj: Call) -> str:
        return values.duration_in_words(obj)

    @admin.display(description="outcome")
    def outcome(self, obj: Call) -> str:
        kind = call_kind(obj)
        return labels.badge(FORMATTED_TYPES[kind].removesuffix(" Call"), _TONES.get(kind, "quiet"))

    @admin.display(description="source")
    def source_in_words(self, obj: Call) -> str:
        return values.source_in_words(obj)

    @admin.display(description="tags")
    def tag_list(self, obj: Call) -> str:
        return labels.tags([tag.name for tag in obj.tags.all()])

    @admin.display(description="recording")
    def recording(self, obj: Call) -> str:
        if not obj.recording_url:
            return "None"
        if urlsplit(obj.recording_url).scheme not in ("http", "https"):
            return obj.recording_url
        return format_html(
            '<audio controls preload="none" src="{0}"></audio> '
            '<a href="{0}" rel="noreferrer noopener" target="_blank">Open the recording</a>',
            # By our own link, which has the provider's login where it needs one.
            values.recording_page(obj, "recording-redirect"),
        )

    @admin.display(description="transcription")
    def transcription(self, obj: Call) -> str:
        return format_html('<div class="prose">{}</div>', obj.transcription_text) if obj.transcription_text else "None"

    @admin.display(description="where")
    def location(self, obj: Call) -> str:
        return ", ".join(filter(None, (values.location(obj), obj.zip_code, obj.customer_country))) or "–"

    @admin.display(description="answered")
    def answered_when(self, obj: Call) -> str:
        return times.time_tag(obj.answered_at) or "No"

    @admin.display(description="ended")
    def ended_when(self, obj: Call) -> str:
        if obj.closed_as_stale_at is None:
            return times.time_tag(obj.ended_at) or "Not yet"
        why = "The phone system never reported the end. Callhooks closed the call {} because no news came."
        return format_html(
            "{}<br><small>" + why + "</small>", times.time_tag(obj.ended_at), times.time_tag(obj.closed_as_stale_at)
        )

    @admin.display(description="routed to")
    def routed_to(self, obj: Call) -> str:
        return formatted(obj.business_phone_number) or "–"
