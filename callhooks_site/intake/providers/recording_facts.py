"""Facts about a call's recordings and transcriptions. No Django."""

from __future__ import annotations

from datetime import UTC

from .callback_request import CallbackParams
from .fact_merging import Facts

VOICEMAIL = "RecordVerb"  # the RecordingSource of <Record>
MOST_SID = 64
MOST_TEXT = 100_000  # of a transcription
# What only a status callback has. It names a recording too if the whole call was recorded.
_STATUS_ONLY = ("CallbackSource", "SequenceNumber", "CallDuration", "Timestamp")


def read_recording(params: CallbackParams) -> Facts:
    url, seconds = params.text("RecordingUrl", 2040), params.seconds("RecordingDuration")
    # The action of <Record> may name the recording only by its URL.
    sid = params.text("RecordingSid", MOST_SID) or url.partition("?")[0].rstrip("/").rpartition("/")[2][:MOST_SID]
    if not sid:
        return {}
    status = params.text("RecordingStatus", 20) or "completed"
    if status != "completed" or not url.startswith(("https://", "http://")) or seconds is None:
        return {"recordings": {}}
    recording: Facts = {"url": url, "seconds": seconds}
    if source := params.text("RecordingSource", 40) or (VOICEMAIL if _is_record_action(params) else ""):
        recording["source"] = source
    if started := params.time("RecordingStartTime"):
        recording["started"] = started.astimezone(UTC).isoformat(timespec="microseconds")
    return {"recordings": {sid: recording}}


def _is_record_action(params: CallbackParams) -> bool:
    """Whether this is the action of <Record>, which does not say so: it has a recording, and neither the recording's
    state, nor how a <Dial> ended, nor what a status callback has."""
    return not any(name in params for name in ("RecordingStatus", "DialCallStatus", "ParentCallSid", *_STATUS_ONLY))


def read_transcription(params: CallbackParams) -> Facts:
    text = params.exact_text("TranscriptionText").strip()[:MOST_TEXT]
    if params.text("TranscriptionStatus", 20) not in ("completed", "") or not text:
        return {"texts": {}}
    return {"texts": {params.text("TranscriptionSid", MOST_SID): text}}


def read_phrase(params: CallbackParams, at: str) -> Facts:
    event = params.text("TranscriptionEvent", 40)
    if event in ("transcription-stopped", "transcription-error"):
        return {"phrases_done": 1}
    number, text = params.seconds("SequenceId"), params.json_object("TranscriptionData").get("transcript")
    if event != "transcription-content" or params.text("Final", 5) == "false" or not isinstance(text, str):
        return {"phrases": {}}
    text = text.replace("\x00", "").strip()[:2_000]
    return {"phrases": {str(number or 0): [params.text("Track", 20), text, at]}} if text else {"phrases": {}}
