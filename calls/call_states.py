"""What a call's own fields say about it. Pure functions, no queries."""

from __future__ import annotations

from .models import Call

FORMATTED_TYPES = {
    "answered": "Answered Call",
    "missed": "Missed Call",
    "abandoned": "Abandoned Call",
    "voicemail": "Voicemail",
    "voicemail_transcription": "Voicemail Transcription",
    "outbound": "Outbound Call",
    "in_progress": "In Progress",
}


def call_type(call: Call) -> str:
    """answered, missed, abandoned, voicemail, voicemail_transcription, outbound or in_progress."""
    if call.direction == Call.Direction.OUTBOUND:
        return "outbound"
    if call.voicemail:
        return "voicemail_transcription" if call.transcription_text else "voicemail"
    if call.answered:
        return "answered" if call.ended_at else "in_progress"
    return "abandoned" if call.abandoned else "missed"


def seconds(call: Call) -> int:
    """The call's length: the reported duration, else from answer (or start) to end, else 0."""
    if call.duration is not None:
        return call.duration
    if call.ended_at is None:
        return 0
    return max(0, int((call.ended_at - (call.answered_at or call.start_time)).total_seconds()))


def is_ringing(call: Call) -> bool:
    """Arrived and not yet connected: pre_call fires now."""
    return call.routed_at is None and not call.answered and not call.voicemail and call.ended_at is None


def is_routed(call: Call) -> bool:
    """Connected to its destination and still running: call_routing_complete fires now."""
    return (call.routed_at is not None or call.answered) and call.ended_at is None


def may_be_recorded(call: Call) -> bool:
    """Whether a recording may exist: somebody answered, left a voicemail, or talked on an outbound call."""
    if call.answered or call.voicemail:
        return True
    return call.direction == Call.Direction.OUTBOUND and seconds(call) > 0


def awaits_files(call: Call) -> bool:
    """Whether its company expects a recording or transcription of it."""
    return may_be_recorded(call) and (call.company.recording_expected or call.company.transcription_expected)


def is_complete(call: Call) -> bool:
    """Ended, with the recording and transcription that the company expects."""
    if call.ended_at is None:
        return False
    if not awaits_files(call):
        return True
    company = call.company
    return bool(
        (call.recording_url or not company.recording_expected)
        and (call.transcription_text or not company.transcription_expected)
    )
