"""What a call looks like, by all that is known of it: the fields for `calls.ingestion`. No Django.

"Answered" is known from the leg that was dialled, or from how the dialling ended, and never from the call itself: TwiML
answers at once, whoever picks up later. Only a call to a customer is answered when its own state says so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .callback_facts import Facts
from .parties import Parties, number, parties

FINAL = frozenset("completed busy failed no-answer canceled".split())
TALKED = frozenset({"in-progress", "completed"})  # of a leg that was dialled
VOICEMAIL = "RecordVerb"


def outlook(facts: Facts, *, is_tracking: Callable[[str], bool]) -> dict[str, Any] | None:
    """None while it is not known who calls whom."""
    who = parties(facts, is_tracking=is_tracking)
    if who is None:
        return None
    answered_at, business = _answer(facts, who)
    fields: dict[str, Any] = {
        "direction": who.direction,
        "tracking_phone_number": who.tracking,
        "customer_phone_number": who.customer,
        "customer_name": who.name[:200],
        "customer_city": who.city[:100],
        "customer_state": who.state[:100],
        "customer_country": who.country[:100],
        "business_phone_number": business,
        "start_time": _start(facts, answered_at),
    }
    if answered_at is not None:
        fields["answered_at"] = max(answered_at, fields["start_time"])
        if who.direction == "inbound":
            fields["routed_at"] = fields["answered_at"]
    if (ended_at := _end(facts)) is not None:
        fields["ended_at"] = max(ended_at, fields["start_time"], fields.get("answered_at", ended_at))
        # "seconds" is CallDuration, the whole call; one that nobody told of is left to the times.
        fields["duration"] = facts.get("seconds")
    elif (talked := max((seconds for _, seconds, _ in facts.get("dial", {}).values()), default=0)) > 0:
        fields["duration"] = talked  # the call may have more to come; if its end is never told, this is what is known
    if who.direction == "inbound":
        fields["voicemail"] = answered_at is None and _left_a_message(facts)
    return {**fields, **_recording(facts), **_transcription(facts, who, fields)}


def _answer(facts: Facts, who: Parties) -> tuple[datetime | None, str]:
    """When somebody picked up, and at which number: the one that picked up, else the one that rang."""
    moments: list[tuple[datetime, str]] = []
    legs = facts.get("legs", {})
    for sid, leg in legs.items():
        if moment := _picked_up(leg["states"], leg.get("seconds", 0)):
            moments.append((moment, sid))
    for sid, (state, seconds, at) in facts.get("dial", {}).items():
        if state in TALKED and not any(known == sid for _, known in moments):
            moments.append((datetime.fromisoformat(at) - timedelta(seconds=seconds), sid))
    if who.direction == "outbound" and not legs:
        own = _picked_up({s: at for s, at in facts.get("states", {}).items() if s in TALKED}, facts.get("seconds", 0))
        return own, ""
    picked, sid = min(moments, default=(None, ""))
    if who.direction == "outbound":
        return picked, ""
    rang = sid if sid in legs else min(legs, default="")
    return picked, number(legs[rang]["to"]) if rang else ""


def _picked_up(states: dict[str, str], seconds: int) -> datetime | None:
    if "in-progress" in states:
        return datetime.fromisoformat(states["in-progress"])
    # A leg that nobody answered ends as busy, no-answer, failed or canceled.
    if "completed" in states:
        return datetime.fromisoformat(states["completed"]) - timedelta(seconds=seconds)
    return None


def _start(facts: Facts, answered_at: datetime | None) -> datetime:
    times = [datetime.fromisoformat(at) for at in facts.get("states", {}).values()]
    times += [datetime.fromisoformat(at) for leg in facts.get("legs", {}).values() for at in leg["states"].values()]
    times += [
        datetime.fromisoformat(at) - timedelta(seconds=length) for _, length, at in facts.get("dial", {}).values()
    ]
    if (ended_at := _end(facts)) is not None:
        times.append(ended_at - timedelta(seconds=facts.get("seconds", 0)))
    if answered_at is not None:
        times.append(answered_at)
    return min(times or [datetime.fromisoformat(facts["heard"])])


def _end(facts: Facts) -> datetime | None:
    finals = [at for state, at in facts.get("states", {}).items() if state in FINAL]
    return datetime.fromisoformat(min(finals)) if finals else None


def _left_a_message(facts: Facts) -> bool:
    """Twilio transcribes only what <Record> took."""
    spoken = [one for one in facts.get("recordings", {}).values() if one.get("source") == VOICEMAIL and one["seconds"]]
    return bool(spoken or facts.get("texts"))


def _recording(facts: Facts) -> dict[str, Any]:
    """The longest, if there are several."""
    found = facts.get("recordings")
    if not found:
        return {}
    one = max(found.values(), key=lambda each: (each["seconds"], each["url"]))
    # Not by urlsplit: what came may be no URL at all.
    name = one["url"].partition("?")[0].rpartition("/")[2]
    url = one["url"] if "." in name else one["url"] + ".mp3"
    return {"recording_url": url, "recording_duration": one["seconds"]}


def _transcription(facts: Facts, who: Parties, fields: dict[str, Any]) -> dict[str, Any]:
    """Of the recording, else what was said live, once that is over: half of it would be told as all of it."""
    if texts := facts.get("texts"):
        return {"transcription_text": "\n".join(texts[sid] for sid in sorted(texts))}
    phrases = facts.get("phrases")
    if not phrases or not facts.get("phrases_done"):
        return {}
    # The inbound track is what Twilio hears of the one that the call belongs to: the caller, or who was called.
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
