"""The columns of a call, in lists and on its page."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import admin
from django.utils.html import format_html, format_html_join

from subscriptions.admin.kit import labels, times

from ..call_states import FORMATTED_TYPES, call_type
from ..models import Call
from ..payloads import values
from ..phones import formatted

_TONES = {"answered": "good", "in_progress": "busy", "missed": "bad", "abandoned": "bad", "voicemail": "warn"}


class CallColumns:
    @admin.display(description="time", ordering="start_time")
    def time(self, obj: Call) -> str:
        return times.time_tag(obj.start_time)

    @admin.display(description="time", ordering="start_time")
    def time_and_direction(self, obj: Call) -> str:
        return format_html("{}<br><small>{}</small>", times.time_tag(obj.start_time), obj.get_direction_display())

    @admin.display(description="direction")
    def direction_in_words(self, obj: Call) -> str:
        return obj.get_direction_display()

    @admin.display(description="customer")
    def customer(self, obj: Call) -> str:
        number = formatted(obj.customer_phone_number) or "Number withheld"
        if not obj.customer_name:
            return number
        return format_html("{}<br><small>{}</small>", obj.customer_name, number)

    @admin.display(description="tracking number")
    def tracking_number(self, obj: Call) -> str:
        return format_html("{}<br><small>{}</small>", obj.tracker.name, formatted(obj.tracker.phone_number))

    @admin.display(description="duration")
    def length(self, obj: Call) -> str:
        return values.duration_in_words(obj)

    @admin.display(description="outcome")
    def outcome(self, obj: Call) -> str:
        # A voicemail's full type depends on the transcription, which lists do not load.
        kind = "voicemail" if obj.voicemail else call_type(obj)
        return labels.badge(FORMATTED_TYPES[kind].removesuffix(" Call"), _TONES.get(kind, "quiet"))

    @admin.display(description="source")
    def source_in_words(self, obj: Call) -> str:
        return values.source_in_words(obj)

    @admin.display(description="tags")
    def tag_list(self, obj: Call) -> str:
        names = [(tag.name,) for tag in obj.tags.all()]
        return format_html_join(" ", '<span class="tag">{}</span>', names)

    @admin.display(description="recording")
    def recording(self, obj: Call) -> str:
        if not obj.recording_url:
            return "None"
        if urlsplit(obj.recording_url).scheme not in ("http", "https"):
            return obj.recording_url
        return format_html(
            '<audio controls preload="none" src="{0}"></audio> '
            '<a href="{0}" rel="noreferrer noopener" target="_blank">Open the recording</a>',
            obj.recording_url,
        )

    @admin.display(description="transcription")
    def transcription(self, obj: Call) -> str:
        return format_html('<div class="prose">{}</div>', obj.transcription_text) if obj.transcription_text else "None"

    @admin.display(description="where")
    def location(self, obj: Call) -> str:
        return ", ".join(filter(None, (values.location(obj), obj.customer_country))) or "–"

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
