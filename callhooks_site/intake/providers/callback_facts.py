"""Facts about one call, as callbacks report them. Facts are only ever added. No Django.

Callbacks arrive out of order, twice, at the same moment, or not at all. So nothing here depends on their order:
`merge_facts` is commutative, associative and idempotent, and `call_state` reads the call from all facts together. A
final state stays final, whatever an older SequenceNumber says later.

Facts are JSON:
{"parties": {...}, "states": {state: time}, "legs": {sid: {"to", "from", "states", "seconds"}}, "seconds": n,
"dial": {sid: [state, seconds, time]}, "recordings": {sid: {...}}, "texts": {sid: text},
"phrases": {number: [track, text, time]}, "phrases_done": 1, "heard": time}
Times are ISO 8601 in UTC, so the smaller text is the earlier time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .callback_request import CallbackParams, Malformed

Facts = dict[str, Any]

STATES = frozenset("queued initiated ringing in-progress completed busy failed no-answer canceled".split())
# Twilio names an event "answered" and the state it leads to "in-progress".
_STATE_ALIASES = {"answered": "in-progress"}
PARTIES = {
    "from": "From",
    "to": "To",
    "direction": "Direction",
    "forwarded_from": "ForwardedFrom",
    "caller_name": "CallerName",
    "from_city": "FromCity",
    "from_state": "FromState",
    "from_country": "FromCountry",
    "to_city": "ToCity",
    "to_state": "ToState",
    "to_country": "ToCountry",
    "stir": "StirVerstat",
}
MOST_SID = 64
MOST_TEXT = 100_000  # of a transcription
MOST_PHRASES = 3_000
MOST_LEGS = 50


def call_sid(params: CallbackParams) -> str:
    """The SID of the call it is about: a child leg belongs to its parent. Raises Malformed."""
    sid = params.text("ParentCallSid", MOST_SID + 1) or params.text("CallSid", MOST_SID + 1)
    if not sid or len(sid) > MOST_SID:
        raise Malformed("It does not name a call: CallSid is missing.")
    return sid


def extract_facts(params: CallbackParams, received_at: datetime, *, has_event_time: bool = True) -> Facts:
    """The facts of one callback. `has_event_time`: its Timestamp is when it happened. Raises Malformed."""
    event_time = params.time("Timestamp") if has_event_time else None
    return {**_extract(params, _format_time(event_time or received_at)), "heard": _format_time(received_at)}


def _extract(params: CallbackParams, at: str) -> Facts:
    if "TranscriptionEvent" in params:
        return _phrase(params, at)
    if "TranscriptionSid" in params:
        return {**_transcription(params), **({"parties": _parties(params)} if _has_parties(params) else {})}
    facts: Facts = _recording(params, at)
    if "ParentCallSid" in params:
        return {**facts, "legs": {params.text("CallSid", MOST_SID): _leg(params, at)}}
    if _has_parties(params):
        facts["parties"] = _parties(params)
    if "DialCallStatus" in params:
        seconds = params.seconds("DialCallDuration") or 0
        facts["dial"] = {params.text("DialCallSid", MOST_SID) or "-": [_state(params, "DialCallStatus"), seconds, at]}
        return facts  # its CallStatus only repeats the call's state when the dialing ended
    if "CallStatus" in params and "RecordingStatus" not in params:
        facts["states"] = {_state(params, "CallStatus"): at}
        if (length := params.seconds("CallDuration")) is not None:
            facts["seconds"] = length
    if not facts:
        raise Malformed("It has no CallStatus, recording or transcription.")
    return facts


def merge_facts(parts: Iterable[Facts]) -> Facts:
    """All of them in one, in any order, bounded in size."""
    merged: Facts = {}
    for part in parts:
        merged = _join(merged, part)
    for name, most in (("legs", MOST_LEGS), ("dial", MOST_LEGS), ("recordings", MOST_LEGS), ("texts", MOST_LEGS)):
        if len(merged.get(name, ())) > most:
            merged[name] = {key: merged[name][key] for key in sorted(merged[name])[:most]}
    if len(merged.get("phrases", ())) > MOST_PHRASES:
        first = sorted(merged["phrases"], key=lambda number: (len(number), number))[:MOST_PHRASES]
        merged["phrases"] = {number: merged["phrases"][number] for number in first}
    return merged


def _join(one: Any, other: Any) -> Any:
    """Both of two mappings; the greater of two numbers; the smaller of two texts (and so the earlier of two times)."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            key: _join(one[key], other[key]) if key in one and key in other else one.get(key, other.get(key))
            for key in sorted({*one, *other})
        }
    if isinstance(one, list) and isinstance(other, list):
        return min(one, other)
    if isinstance(one, str) and isinstance(other, str):
        return min(one, other) if one and other else one or other
    return max(one, other)


def _has_parties(params: CallbackParams) -> bool:
    return "From" in params or "To" in params


def _parties(params: CallbackParams) -> dict[str, str]:
    return {name: value for name, theirs in PARTIES.items() if (value := params.text(theirs, 200))}


def _state(params: CallbackParams, name: str) -> str:
    state = _STATE_ALIASES.get(params.text(name, 40), params.text(name, 40))
    if state not in STATES:
        raise Malformed(f"{name} is {state!r}, which is not a call state.")
    return state


def _leg(params: CallbackParams, at: str) -> Facts:
    leg: Facts = {"to": params.text("To", 200), "from": params.text("From", 200), "states": {}}
    if "CallStatus" in params:
        leg["states"] = {_state(params, "CallStatus"): at}
    if (length := params.seconds("CallDuration")) is not None:
        leg["seconds"] = length
    return leg


def _recording(params: CallbackParams, at: str) -> Facts:
    sid, url, seconds = (
        params.text("RecordingSid", MOST_SID),
        params.text("RecordingUrl", 2040),
        params.seconds("RecordingDuration"),
    )
    status = params.text("RecordingStatus", 20) or "completed"
    if not sid:
        return {}
    if status != "completed" or not url.startswith(("https://", "http://")) or seconds is None:
        return {"recordings": {}}
    recording: Facts = {"url": url, "seconds": seconds}
    if source := params.text("RecordingSource", 40):
        recording["source"] = source
    return {"recordings": {sid: recording}}


def _transcription(params: CallbackParams) -> Facts:
    text = params.exact_text("TranscriptionText").strip()[:MOST_TEXT]
    if params.text("TranscriptionStatus", 20) not in ("completed", "") or not text:
        return {"texts": {}}
    return {"texts": {params.text("TranscriptionSid", MOST_SID): text}}


def _phrase(params: CallbackParams, at: str) -> Facts:
    event = params.text("TranscriptionEvent", 40)
    if event in ("transcription-stopped", "transcription-error"):
        return {"phrases_done": 1}
    number, text = params.seconds("SequenceId"), params.json_object("TranscriptionData").get("transcript")
    if event != "transcription-content" or params.text("Final", 5) == "false" or not isinstance(text, str):
        return {"phrases": {}}
    text = text.replace("\x00", "").strip()[:2_000]
    return {"phrases": {str(number or 0): [params.text("Track", 20), text, at]}} if text else {"phrases": {}}


def _format_time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")
