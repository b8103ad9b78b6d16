"""What happens in a conference, and when a member of it talked with another. No Django.

A conference is a meeting of calls that each began on its own, so its events are kept under its own SID and passed on to
the calls of its members.
"""

from __future__ import annotations

from .callback_request import CallbackParams
from .fact_merging import Facts
from .recording_facts import read_recording

MOST_SID = 64
# As many as Twilio admits to one conference.
MOST_MEMBERS = 250
_MOMENTS = {"participant-join": "in", "participant-leave": "out"}


def is_event(params: CallbackParams) -> bool:
    """Whether it is about a conference: one of its events, or its recording, which names no call."""
    return "ConferenceSid" in params and ("StatusCallbackEvent" in params or "CallSid" not in params)


def read(params: CallbackParams, at: str) -> Facts:
    event, call = params.text("StatusCallbackEvent", 40), params.text("CallSid", MOST_SID)
    conference: Facts = {}
    if event == "conference-start":
        conference["started"] = at
    if event in _MOMENTS and call:
        # Who starts the conference by joining ends the others' wait; they hear music until then.
        starts = event == "participant-join" and params.text("StartConferenceOnEnter", 5).lower() != "false"
        conference["members"] = {call: {_MOMENTS[event]: at, **({"starts": 1} if starts else {})}}
    return {**read_recording(params), "conferences": {params.text("ConferenceSid", MOST_SID): conference}}


def list_members(facts: Facts) -> list[str]:
    """The calls that have been in this conference."""
    members = {sid for one in facts.get("conferences", {}).values() for sid in one.get("members", {})}
    return sorted(members)[:MOST_MEMBERS]


def for_member(facts: Facts, call: str) -> Facts:
    """What a member's call is told of the conference: who has been there and when, and its recording."""
    told = {sid: {**one, "me": call} for sid, one in facts.get("conferences", {}).items()}
    return {"conferences": told, **({"recordings": facts["recordings"]} if facts.get("recordings") else {})}


def find_talk(conference: Facts) -> str:
    """The time from which on this call was together with another one in the started conference; empty if never."""
    members = conference.get("members", {})
    mine = members.get(conference.get("me", ""), {})
    starts = [one["in"] for one in members.values() if "in" in one and "starts" in one]
    began = min([*starts, *([conference["started"]] if "started" in conference else [])], default="")
    if "in" not in mine or not began:
        return ""
    together = (
        (max(mine["in"], one["in"], began), min(mine.get("out", "~"), one.get("out", "~")))
        for sid, one in members.items()
        if sid != conference["me"] and "in" in one
    )
    return min((since for since, until in together if since < until), default="")
