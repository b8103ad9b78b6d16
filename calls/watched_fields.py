"""The watched fields of a call: a change to one of them after post_call fires call_modified."""

from __future__ import annotations

import hashlib

from .models import Call

# In the order in which `changes` names them. Not every payload version has all of them.
NAMES = ("tags", "note", "value", "transcription_text", "recording_duration", "auto_score", "manual_score",
         "call_summary")  # fmt: skip
# The columns that `fingerprint` reads.
COLUMNS = ("note", "value", "transcription_text", "recording_duration", "lead_status", "call_summary")


def fingerprint(call: Call) -> dict[str, str]:
    """A short digest of each watched field, to compare the published values with the current ones."""
    return {
        "tags": _digest(",".join(str(pk) for pk in sorted(tag.pk for tag in call.list_tags()))),
        "note": _digest(call.note),
        "value": _digest("" if call.value is None else f"{call.value:.2f}"),
        "transcription_text": _digest(call.transcription_text),
        "recording_duration": _digest("" if call.recording_duration is None else str(call.recording_duration)),
        "lead_status": _digest(call.lead_status),
        "call_summary": _digest(call.call_summary),
    }


def list_changes(before: dict[str, str], now: dict[str, str], *, scored_by: str) -> list[str]:
    """The names for `changes`. A lead status set by a rule is auto_score, one set by a person manual_score."""
    # What is not in `before` was not watched when that was published: it was empty then.
    score = "auto_score" if scored_by == Call.ScoredBy.RULE else "manual_score"
    changed = {score if name == "lead_status" else name for name in now if before.get(name, _EMPTY) != now[name]}
    return [name for name in NAMES if name in changed]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


_EMPTY = _digest("")
