"""Facts about one call, as callbacks report them. Facts are only ever added. No Django.

Callbacks arrive out of order, twice, at the same moment, or not at all. So nothing here depends on their order:
`fact_merging` is commutative, associative and idempotent, and `call_state` reads the call from all facts together. A
final state stays final, whatever an older SequenceNumber says later.

Facts are JSON:
{"parties": {...}, "states": {state: time}, "heard_states": {state: time}, "seconds": n, "by": who answered,
"legs": {sid: {"to", "from", "to_city", "states", "heard_states", "seconds", "by"}},
"dial": {sid: [state, seconds, time, bridged]}, "queues": {sid: [result, seconds in the queue, time]}, "dequeued": time,
"conferences": {sid: {"started": time, "members": {sid: {"in": time, "out": time}}, "me": sid}},
"recordings": {sid: {...}}, "texts": {sid: text}, "phrases": {number: [track, text, time]}, "phrases_done": 1,
"heard": time}
Times are ISO 8601 in UTC, so the smaller text is the earlier time. `states` has the times that the provider reports,
`heard_states` ours, for callbacks that have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from . import conferences
from .callback_request import CallbackParams, Malformed
from .fact_merging import Facts
from .recording_facts import read_phrase, read_recording, read_transcription

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
_OF_CALLED = ("to_city", "to_state", "to_country")
MOST_SID = 64


@dataclass(frozen=True)
class Moment:
    """When something happened: the provider's time, or the time at which the callback arrived."""

    text: str
    reported: bool


def call_sid(params: CallbackParams) -> str:
    """The SID of the call it is about: a child leg belongs to its parent. What happens in a conference is kept under
    the conference's SID. Raises Malformed."""
    if conferences.is_event(params):
        return params.text("ConferenceSid", MOST_SID)
    sid = params.text("ParentCallSid", MOST_SID + 1) or params.text("CallSid", MOST_SID + 1)
    if not sid or len(sid) > MOST_SID:
        raise Malformed("It does not name a call: CallSid is missing.")
    return sid


def extract_facts(params: CallbackParams, received_at: datetime, *, has_event_time: bool = True) -> Facts:
    """The facts of one callback. `has_event_time`: its Timestamp is when it happened. Raises Malformed."""
    event_time = params.time("Timestamp") if has_event_time else None
    at = Moment(_format_time(event_time or received_at), event_time is not None)
    if conferences.is_event(params):
        return conferences.read(params, at.text)
    return {**_extract(params, at), "heard": _format_time(received_at)}


def _extract(params: CallbackParams, at: Moment) -> Facts:
    if "TranscriptionEvent" in params:
        return read_phrase(params, at.text)
    if "TranscriptionSid" in params:
        return {**read_transcription(params), **({"parties": _parties(params)} if _has_parties(params) else {})}
    facts: Facts = read_recording(params)
    if "ParentCallSid" in params:
        return {**facts, "legs": {params.text("CallSid", MOST_SID): _leg(params, at)}}
    if _has_parties(params):
        facts["parties"] = _parties(params)
    if "DialCallStatus" in params:
        # Its CallStatus only repeats the call's state when the dialing ended.
        return {**facts, "dial": _dial(params, at)}
    if "QueueResult" in params:
        seconds = params.seconds("QueueTime") or 0
        facts["queues"] = {params.text("QueueSid", MOST_SID) or "-": [params.text("QueueResult", 40), seconds, at.text]}
    if "DequeingCallSid" in params:
        facts["dequeued"] = at.text
    facts |= _answered_by(params)
    if "CallStatus" in params and "RecordingStatus" not in params:
        facts |= _states(params, at)
    if not facts:
        raise Malformed("It has no CallStatus, recording or transcription.")
    return facts


def _has_parties(params: CallbackParams) -> bool:
    return "From" in params or "To" in params


def _parties(params: CallbackParams) -> dict[str, str]:
    return {name: value for name, theirs in PARTIES.items() if (value := params.text(theirs, 200))}


def _state(params: CallbackParams, name: str) -> str:
    state = _STATE_ALIASES.get(params.text(name, 40), params.text(name, 40))
    if state not in STATES:
        raise Malformed(f"{name} is {state!r}, which is not a call state.")
    return state


def _states(params: CallbackParams, at: Moment) -> Facts:
    facts: Facts = {"states" if at.reported else "heard_states": {_state(params, "CallStatus"): at.text}}
    if (length := params.seconds("CallDuration")) is not None:
        facts["seconds"] = length
    return facts


def _leg(params: CallbackParams, at: Moment) -> Facts:
    leg: Facts = {name: params.text(PARTIES[name], 200) for name in ("to", "from")} | _answered_by(params)
    leg |= {name: value for name in _OF_CALLED if (value := params.text(PARTIES[name], 100))}
    return {**leg, **_states(params, at)} if "CallStatus" in params else leg


def _dial(params: CallbackParams, at: Moment) -> Facts:
    """How a <Dial> ended. DialBridged says whether its two ends were connected: a called party that did not get past
    a screening prompt has answered and was never connected."""
    bridged = params.text("DialBridged", 5).lower()
    entry = [_state(params, "DialCallStatus"), params.seconds("DialCallDuration") or 0, at.text]
    return {params.text("DialCallSid", MOST_SID) or "-": [*entry, bridged] if bridged in ("true", "false") else entry}


def _answered_by(params: CallbackParams) -> Facts:
    """Who picked up, by answering machine detection: human, machine_start, fax …; from a call's state or from the
    asynchronous detection's own callback."""
    return {"by": params.text("AnsweredBy", 40).lower()} if "AnsweredBy" in params else {}


def _format_time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")
