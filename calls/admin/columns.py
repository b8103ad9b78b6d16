"""The columns of a call, in lists and on its page."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html

from subscriptions.admin.kit import labels, times
from subscriptions.admin.kit.icons import icon

from ..call_states import FORMATTED_TYPES, call_type, seconds
from ..callers import WITHHELD, number_in_words
from ..models import Call
from ..payloads import values
from ..phones import formatted
from .tag_colours import draw_tags

_TONES = {"answered": "good", "in_progress": "busy", "missed": "bad", "voicemail": "warn"}


_ICONS = {
    "outbound": "phone-outgoing",
    "missed": "phone-missed",
    "abandoned": "phone-missed",
    "voicemail": "voicemail",
}


def call_kind(obj: Call) -> str:
    """As `call_type`, but a voicemail is one with or without its transcription, which lists do not load."""
    return "voicemail" if obj.voicemail else call_type(obj)


def call_icon(kind: str) -> str:
    return _ICONS.get(kind, "phone-incoming")


def outcome_badge(call: Call) -> str:
    kind = call_kind(call)
    return labels.badge(FORMATTED_TYPES[kind].removesuffix(" Call"), _TONES.get(kind, "quiet"))


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
        return format_html('<span class="who" title="{}">{}{}{}</span>', label, icon(call_icon(kind)), name, beside)

    @admin.display(description="tracking number")
    def tracker_name(self, obj: Call) -> str:
        return obj.tracker.name

    @admin.display(description="duration")
    def length(self, obj: Call) -> str:
        return times.format_length(seconds(obj)) if obj.answered or obj.voicemail else "–"

    @admin.display(description="outcome")
    def outcome(self, obj: Call) -> str:
        return outcome_badge(obj)

    @admin.display(description="source")
    def source_in_words(self, obj: Call) -> str:
        return values.source_in_words(obj)

    @admin.display(description="tags")
    def tag_list(self, obj: Call) -> str:
        return draw_tags(obj.tags.all(), most=2)

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
