"""What callbacks told of one call: a heap of facts that only grows. No Django.

Callbacks come out of order, twice, at the same moment, or not at all. So nothing here depends on their order: `merge`
is commutative, associative and idempotent, and what a call looks like (`outlook`) is read from the heap as a whole. A
final state is final because the heap knows it, whatever an older SequenceNumber says later.

The heap is JSON:
{"parties": {...}, "states": {state: time}, "legs": {sid: {"to", "from", "states", "seconds"}}, "seconds": n,
"dial": {sid: [state, seconds, time]}, "recordings": {sid: {...}}, "texts": {sid: text},
"phrases": {number: [track, text, time]}, "phrases_done": 1, "heard": time}
Times are ISO 8601 in UTC, so the smaller text is the earlier time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from .callback import Malformed, Said

Facts = dict[str, Any]

STATES = frozenset("queued initiated ringing in-progress completed busy failed no-answer canceled".split())
# Twilio names an event "answered" and the state it leads to "in-progress".
_OTHER_NAMES = {"answered": "in-progress"}
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


def call_sid(said: Said) -> str:
    """Of the call it is about: a child leg belongs to its parent. Raises Malformed."""
    sid = said.text("ParentCallSid", MOST_SID + 1) or said.text("CallSid", MOST_SID + 1)
    if not sid or len(sid) > MOST_SID:
        raise Malformed("It names no call: CallSid is missing.")
    return sid


def observed(said: Said, received_at: datetime, *, timed: bool = True) -> Facts:
    """What one callback tells. `timed`: its Timestamp is when it happened. Raises Malformed."""
    told = said.moment("Timestamp") if timed else None
    return {**_observed(said, _text(told or received_at)), "heard": _text(received_at)}


def _observed(said: Said, at: str) -> Facts:
    if "TranscriptionEvent" in said:
        return _phrase(said, at)
    if "TranscriptionSid" in said:
        return {**_transcription(said), **({"parties": _parties(said)} if _tells_parties(said) else {})}
    facts: Facts = _recording(said, at)
    if "ParentCallSid" in said:
        return {**facts, "legs": {said.text("CallSid", MOST_SID): _leg(said, at)}}
    if _tells_parties(said):
        facts["parties"] = _parties(said)
    if "DialCallStatus" in said:
        seconds = said.whole("DialCallDuration") or 0
        facts["dial"] = {said.text("DialCallSid", MOST_SID) or "-": [_state(said, "DialCallStatus"), seconds, at]}
        return facts  # its CallStatus is what the call was like when the dialling ended: no news
    if "CallStatus" in said and "RecordingStatus" not in said:
        facts["states"] = {_state(said, "CallStatus"): at}
        if (length := said.whole("CallDuration")) is not None:
            facts["seconds"] = length
    if not facts:
        raise Malformed("It tells nothing that is known here: no CallStatus, no recording, no transcription.")
    return facts


def merge(heaps: Iterable[Facts]) -> Facts:
    merged: Facts = {}
    for heap in heaps:
        merged = _joined(merged, heap)
    for name, most in (("legs", MOST_LEGS), ("dial", MOST_LEGS), ("recordings", MOST_LEGS), ("texts", MOST_LEGS)):
        if len(merged.get(name, ())) > most:
            merged[name] = {key: merged[name][key] for key in sorted(merged[name])[:most]}
    if len(merged.get("phrases", ())) > MOST_PHRASES:
        first = sorted(merged["phrases"], key=lambda number: (len(number), number))[:MOST_PHRASES]
        merged["phrases"] = {number: merged["phrases"][number] for number in first}
    return merged


def _joined(one: Any, other: Any) -> Any:
    """Of mappings both; of numbers the greater; of texts, which times are too, the smaller that is not empty."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            key: _joined(one[key], other[key]) if key in one and key in other else one.get(key, other.get(key))
            for key in sorted({*one, *other})
        }
    if isinstance(one, list) and isinstance(other, list):
        return min(one, other)
    if isinstance(one, str) and isinstance(other, str):
        return min(one, other) if one and other else one or other
    return max(one, other)


def _tells_parties(said: Said) -> bool:
    return "From" in said or "To" in said


def _parties(said: Said) -> dict[str, str]:
    return {name: value for name, theirs in PARTIES.items() if (value := said.text(theirs, 200))}


def _state(said: Said, name: str) -> str:
    state = _OTHER_NAMES.get(said.text(name, 40), said.text(name, 40))
    if state not in STATES:
        raise Malformed(f"{name} is {state!r}, which is no state of a call.")
    return state


def _leg(said: Said, at: str) -> Facts:
    leg: Facts = {"to": said.text("To", 200), "from": said.text("From", 200), "states": {}}
    if "CallStatus" in said:
        leg["states"] = {_state(said, "CallStatus"): at}
    if (length := said.whole("CallDuration")) is not None:
        leg["seconds"] = length
    return leg


def _recording(said: Said, at: str) -> Facts:
    sid, url, seconds = (
        said.text("RecordingSid", MOST_SID),
        said.text("RecordingUrl", 2040),
        said.whole("RecordingDuration"),
    )
    status = said.text("RecordingStatus", 20) or "completed"
    if not sid:
        return {}
    if status != "completed" or not url.startswith(("https://", "http://")) or seconds is None:
        return {"recordings": {}}
    recording: Facts = {"url": url, "seconds": seconds}
    if source := said.text("RecordingSource", 40):
        recording["source"] = source
    return {"recordings": {sid: recording}}


def _transcription(said: Said) -> Facts:
    text = said.exact("TranscriptionText").strip()[:MOST_TEXT]
    if said.text("TranscriptionStatus", 20) not in ("completed", "") or not text:
        return {"texts": {}}
    return {"texts": {said.text("TranscriptionSid", MOST_SID): text}}


def _phrase(said: Said, at: str) -> Facts:
    event = said.text("TranscriptionEvent", 40)
    if event in ("transcription-stopped", "transcription-error"):
        return {"phrases_done": 1}
    number, text = said.whole("SequenceId"), said.json("TranscriptionData").get("transcript")
    if event != "transcription-content" or said.text("Final", 5) == "false" or not isinstance(text, str):
        return {"phrases": {}}
    text = text.replace("\x00", "").strip()[:2_000]
    return {"phrases": {str(number or 0): [said.text("Track", 20), text, at]}} if text else {"phrases": {}}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
