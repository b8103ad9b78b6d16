"""Build a call's fields for `calls.ingestion` from all known facts. No Django.

Whether a call was answered is in what happened after it came in (`talks`), and never in the call itself: TwiML answers
at once, before anybody picks up. Only an outbound call to a customer is answered when its own state says so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .addresses import normalise_number
from .fact_merging import Facts
from .parties import PLACES, Company, Parties, identify_parties
from .recording_facts import VOICEMAIL
from .talks import FINAL, Talk, find_own_answer, find_talk, has_voicemail, legs_in_order, state_times


def build_call_fields(
    facts: Facts,
    *,
    is_tracking: Callable[[str], bool],
    is_business: Callable[[str], bool] = lambda number: False,
    region: str,
) -> dict[str, Any] | None:
    """None while it is unknown who calls whom. The rest is about the company: which numbers are its tracking numbers,
    which those that calls are routed to, and its country, by which numbers without + are read."""
    who = identify_parties(facts, Company(region, is_tracking, is_business))
    if who is None:
        return None
    ended_at, start = _find_end(facts), _find_start(facts)
    talk = _find_answer(facts, who, start, ended_at)
    start = min(start, talk.began) if talk else start
    answered_at = talk.began if talk else None
    if answered_at and ended_at:
        # A moment that we worked out, by our clock, gives way to the end that the provider reports.
        answered_at = max(start, min(answered_at, ended_at))
    fields: dict[str, Any] = {
        "direction": who.direction,
        "tracking_phone_number": who.tracking,
        "customer_phone_number": who.customer,
        "customer_as_reported": "" if who.customer else who.reported[:200],
        "customer_name": who.name[:200],
        **{f"customer_{name}": value[:100] for name, value in zip(PLACES, who.place, strict=True)},
        "business_phone_number": who.business or _find_business_number(facts, who, talk, region),
        "start_time": start,
        # None takes an answer back: the phone was picked up, and then a machine turned out to have done it.
        "answered_at": answered_at,
    }
    if who.direction == "inbound":
        fields["routed_at"] = answered_at
        fields["voicemail"] = answered_at is None and has_voicemail(facts)
    if ended_at is not None:
        fields["ended_at"] = max(ended_at, start)
        # CallDuration, the length of the whole call. If it is missing, the times give the length.
        fields["duration"] = facts.get("seconds")
    elif (talked := max((one[1] for one in facts.get("dial", {}).values()), default=0)) > 0:
        fields["duration"] = talked  # the call may go on, but if its end is never reported, this is what is known
    return {**fields, **_build_recording(facts, fields), **_build_transcription(facts, start)}


def _find_answer(facts: Facts, who: Parties, start: datetime, ended_at: datetime | None) -> Talk | None:
    if who.direction == "outbound" and not who.is_leg:
        own = find_own_answer(facts)
        return Talk(own, "", sure=True) if own else None
    return find_talk(facts, start=start, ended=ended_at)


def _find_business_number(facts: Facts, who: Parties, talk: Talk | None, region: str) -> str:
    """Of a call that came in: the number that picked up, or else the one that rang first."""
    legs = legs_in_order(facts)
    if who.direction == "outbound" or not legs:
        return ""
    picked_up = [leg for sid, leg in legs if talk and sid == talk.leg]
    return normalise_number((picked_up or [legs[0][1]])[0].get("to", ""), region)


def _find_start(facts: Facts) -> datetime:
    times = [*state_times(facts).values()]
    times += [at for leg in facts.get("legs", {}).values() for at in state_times(leg).values()]
    times += [datetime.fromisoformat(one[2]) - timedelta(seconds=one[1]) for one in facts.get("dial", {}).values()]
    if (ended_at := _find_end(facts)) is not None:
        times.append(ended_at - timedelta(seconds=facts.get("seconds", 0)))
    return min(times or [datetime.fromisoformat(facts["heard"])])


def _find_end(facts: Facts) -> datetime | None:
    """The first final state that the provider reports with its time; without one, when we heard of the end."""
    for known in ("states", "heard_states"):
        finals = [at for state, at in facts.get(known, {}).items() if state in FINAL]
        if finals:
            return datetime.fromisoformat(min(finals))
    return None


def _build_recording(facts: Facts, fields: dict[str, Any]) -> dict[str, Any]:
    """The longest of several recordings; of a voicemail the message, not what the phone did before."""
    found = list(facts.get("recordings", {}).values())
    messages = [one for one in found if one.get("source") == VOICEMAIL]
    fitting = messages if fields.get("voicemail") else [one for one in found if one not in messages]
    if not found:
        return {}
    one = max(fitting or found, key=lambda each: (each["seconds"], each["url"]))
    # Not urlsplit: this may not be a valid URL.
    name = one["url"].partition("?")[0].rpartition("/")[2]
    url = one["url"] if "." in name else one["url"] + ".mp3"
    return {"recording_url": url, "recording_duration": one["seconds"]}


def _build_transcription(facts: Facts, start: datetime) -> dict[str, Any]:
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
            "start": max(0, round((datetime.fromisoformat(at) - start).total_seconds())),
        }
        for _, (track, text, at) in sorted(phrases.items(), key=lambda item: int(item[0]))
    ]
    spoken = "\n".join(f"{line['speaker']}: {line['phrase']}" for line in lines)
    return {"transcription_text": spoken, "conversational_transcript": lines}
