"""Build a call's fields for `calls.ingestion` from all known facts. No Django.

Whether a call was answered is in the dialed leg, or in how the dialing ended, and never in the call itself: TwiML
answers at once, before anybody picks up. Only an outbound call is answered when its own state says so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .callback_facts import Facts
from .parties import Parties, identify_parties, normalise_number

FINAL = frozenset("completed busy failed no-answer canceled".split())
TALKED = frozenset({"in-progress", "completed"})  # states of an answered leg
VOICEMAIL = "RecordVerb"


def build_call_fields(facts: Facts, *, is_tracking: Callable[[str], bool]) -> dict[str, Any] | None:
    """None while it is unknown who calls whom."""
    who = identify_parties(facts, is_tracking=is_tracking)
    if who is None:
        return None
    answered_at, business = _find_answer(facts, who)
    fields: dict[str, Any] = {
        "direction": who.direction,
        "tracking_phone_number": who.tracking,
        "customer_phone_number": who.customer,
        "customer_name": who.name[:200],
        "customer_city": who.city[:100],
        "customer_state": who.state[:100],
        "customer_country": who.country[:100],
        "business_phone_number": business,
        "start_time": _find_start(facts, answered_at),
    }
    if answered_at is not None:
        fields["answered_at"] = max(answered_at, fields["start_time"])
        if who.direction == "inbound":
            fields["routed_at"] = fields["answered_at"]
    if (ended_at := _find_end(facts)) is not None:
        fields["ended_at"] = max(ended_at, fields["start_time"], fields.get("answered_at", ended_at))
        # CallDuration, the length of the whole call. If it is missing, the times give the length.
        fields["duration"] = facts.get("seconds")
    elif (talked := max((seconds for _, seconds, _ in facts.get("dial", {}).values()), default=0)) > 0:
        fields["duration"] = talked  # the call may go on, but if its end is never reported, this is what is known
    if who.direction == "inbound":
        fields["voicemail"] = answered_at is None and _has_voicemail(facts)
    return {**fields, **_build_recording(facts), **_build_transcription(facts, who, fields)}


def _find_answer(facts: Facts, who: Parties) -> tuple[datetime | None, str]:
    """When somebody picked up, and the number that did (or else the one that rang)."""
    moments: list[tuple[datetime, str]] = []
    legs = facts.get("legs", {})
    for sid, leg in legs.items():
        if moment := _find_pick_up(leg["states"], leg.get("seconds", 0)):
            moments.append((moment, sid))
    for sid, (state, seconds, at) in facts.get("dial", {}).items():
        if state in TALKED and not any(known == sid for _, known in moments):
            moments.append((datetime.fromisoformat(at) - timedelta(seconds=seconds), sid))
    if who.direction == "outbound" and not legs:
        own = _find_pick_up(
            {s: at for s, at in facts.get("states", {}).items() if s in TALKED}, facts.get("seconds", 0)
        )
        return own, ""
    picked, sid = min(moments, default=(None, ""))
    if who.direction == "outbound":
        return picked, ""
    rang = sid if sid in legs else min(legs, default="")
    return picked, normalise_number(legs[rang]["to"]) if rang else ""


def _find_pick_up(states: dict[str, str], seconds: int) -> datetime | None:
    if "in-progress" in states:
        return datetime.fromisoformat(states["in-progress"])
    # An unanswered leg ends as busy, no-answer, failed or canceled.
    if "completed" in states:
        return datetime.fromisoformat(states["completed"]) - timedelta(seconds=seconds)
    return None


def _find_start(facts: Facts, answered_at: datetime | None) -> datetime:
    times = [datetime.fromisoformat(at) for at in facts.get("states", {}).values()]
    times += [datetime.fromisoformat(at) for leg in facts.get("legs", {}).values() for at in leg["states"].values()]
    times += [
        datetime.fromisoformat(at) - timedelta(seconds=length) for _, length, at in facts.get("dial", {}).values()
    ]
    if (ended_at := _find_end(facts)) is not None:
        times.append(ended_at - timedelta(seconds=facts.get("seconds", 0)))
    if answered_at is not None:
        times.append(answered_at)
    return min(times or [datetime.fromisoformat(facts["heard"])])


def _find_end(facts: Facts) -> datetime | None:
    finals = [at for state, at in facts.get("states", {}).items() if state in FINAL]
    return datetime.fromisoformat(min(finals)) if finals else None


def _has_voicemail(facts: Facts) -> bool:
    """Whether a voicemail was left. Twilio transcribes only recordings of <Record>."""
    spoken = [one for one in facts.get("recordings", {}).values() if one.get("source") == VOICEMAIL and one["seconds"]]
    return bool(spoken or facts.get("texts"))


def _build_recording(facts: Facts) -> dict[str, Any]:
    """The longest of several recordings."""
    found = facts.get("recordings")
    if not found:
        return {}
    one = max(found.values(), key=lambda each: (each["seconds"], each["url"]))
    # Not urlsplit: this may not be a valid URL.
    name = one["url"].partition("?")[0].rpartition("/")[2]
    url = one["url"] if "." in name else one["url"] + ".mp3"
    return {"recording_url": url, "recording_duration": one["seconds"]}


def _build_transcription(facts: Facts, who: Parties, fields: dict[str, Any]) -> dict[str, Any]:
    """The recording's transcription, or the live one once it is complete: half of it would look like all of it."""
    if texts := facts.get("texts"):
        return {"transcription_text": "\n".join(texts[sid] for sid in sorted(texts))}
    phrases = facts.get("phrases")
    if not phrases or not facts.get("phrases_done"):
        return {}
    # The inbound track is what Twilio hears from the customer.
    speakers = {"inbound_track": "Customer", "outbound_track": "Agent"}
    lines = [
        {
            "speaker": speakers.get(track, "Speaker"),
            "phrase": text,
            "start": max(0, round((datetime.fromisoformat(at) - fields["start_time"]).total_seconds())),
        }
        for _, (track, text, at) in sorted(phrases.items(), key=lambda item: int(item[0]))
    ]
    spoken = "\n".join(f"{line['speaker']}: {line['phrase']}" for line in lines)
    return {"transcription_text": spoken, "conversational_transcript": lines}
