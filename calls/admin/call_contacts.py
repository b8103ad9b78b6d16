"""Calls in the timeline of a person."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from subscriptions.admin.kit import times

from ..call_states import seconds
from ..models import Call
from ..payloads import values
from ..phones import formatted
from .columns import call_icon, call_kind
from .contacts import Contact, Kind, register
from .tag_colours import draw_tags
from .talk import agent_name

# Large columns that a timeline does not show.
UNREAD = ("transcription_text", "conversational_transcript", "waveforms", "milestones", "keywords_spotted",
          "call_highlights", "speaker_percent", "keypad_entries", "lead_explanation")  # fmt: skip
LONGEST_NOTE = 300


def headline(call: Call) -> str:
    """`Call answered by Sam`, `Missed call`"""
    kind, agent = call_kind(call), agent_name(call)
    by = f" by {agent}" if agent else ""
    words = {
        "answered": f"Call answered{by}",
        "in_progress": f"Call in progress{f' with {agent}' if agent else ''}",
        "voicemail": "Voicemail",
        "abandoned": "Call abandoned",
        "outbound": f"Called{by}",
        "missed": "Missed call" if call.ended_at else "Call",
    }
    return words[kind]


def line_of(call: Call) -> str:
    """`4 min 12 s · Google Ads · 214-555-0101`"""
    length = times.format_length(seconds(call)) if call.answered or call.voicemail else ""
    return " · ".join(filter(None, (length, values.source_in_words(call), formatted(call.tracker.phone_number))))


def draw(keys: Sequence[int]) -> dict[int, Contact]:
    rows = Call.objects.filter(pk__in=keys).select_related("tracker").prefetch_related("tags").defer(*UNREAD)
    return {call.pk: _contact(call) for call in rows}


def _contact(call: Call) -> Contact:
    said = " ".join((call.call_summary or call.note).split())
    return Contact(
        icon=call_icon(call_kind(call)),
        title=headline(call),
        url=reverse("admin:calls_call_change", args=[call.pk]),
        text=line_of(call) + (" · Spam" if call.spam else ""),
        said=said if len(said) <= LONGEST_NOTE else f"{said[: LONGEST_NOTE - 1]}…",
        tags=draw_tags(call.tags.all()) if call.tags.all() else "",
    )


register(
    Kind(
        name="call",
        plural="Calls",
        model=Call,
        time="start_time",
        owner="person_id",
        draw=draw,
        person_name="c.customer_name",
        measures=(
            "count(*) FILTER (WHERE direction = 'inbound' AND answered_at IS NOT NULL AND NOT voicemail)",
            "count(*) FILTER (WHERE direction = 'inbound' AND answered_at IS NULL AND NOT voicemail "
            "AND ended_at IS NOT NULL)",
            "sum(coalesce(duration, greatest(0, extract(epoch FROM ended_at - answered_at)))) "
            "FILTER (WHERE answered_at IS NOT NULL)",
        ),
    )
)
