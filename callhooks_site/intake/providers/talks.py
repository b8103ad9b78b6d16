"""Work out from the facts of a call whether somebody talked, and since when. No Django.

A phone that was picked up is no answer yet. A machine may have picked it up, or the person who did may not have got
past a screening prompt: the provider then says that the two ends were never bridged. So what a <Dial> says at its end
counts before what its leg says, and a voicemail that was left counts before a leg of which nobody has said more than
that it was in progress.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import conferences
from .fact_merging import Facts
from .recording_facts import VOICEMAIL

TALKED = frozenset({"in-progress", "completed"})  # states of an answered leg
FINAL = frozenset("completed busy failed no-answer canceled".split())
NO_LEG = "-"  # the key of a <Dial> that names no leg: to a conference or a queue
# Recordings that exist only of a connected call.
_OF_TALKS = frozenset({"DialVerb", "Trunking"})
_BRIDGED = frozenset({"bridged", "redirected-from-bridged"})  # results of a queue


@dataclass(frozen=True, order=True)
class Talk:
    began: datetime
    leg: str  # the SID of the leg that picked up; empty if unknown
    sure: bool  # a voicemail was not left instead


def find_talk(facts: Facts, *, start: datetime, ended: datetime | None) -> Talk | None:
    """The first one. `start` and `ended` are the call's, as far as they are known."""
    talks = [*_legs(facts), *_dials(facts), *_queues(facts, start), *_conferences(facts)]
    if not talks:
        talks = list(_recordings(facts, start, ended))
    if any(talk.sure for talk in talks) or not has_voicemail(facts):
        return min(talks, default=None)
    return None


def legs_in_order(facts: Facts) -> list[tuple[str, Facts]]:
    """As they were dialled."""

    def dialled(item: tuple[str, Facts]) -> tuple[float, str]:
        times = state_times(item[1]).values()
        return min((at.timestamp() for at in times), default=float("inf")), item[0]

    return sorted(facts.get("legs", {}).items(), key=dialled)


def find_own_answer(facts: Facts) -> datetime | None:
    """When the other end of a call that the account made answered, by the call's own states. None for a machine."""
    if is_machine(facts.get("by", "")):
        return None
    return _find_pick_up(state_times(facts), facts.get("seconds", 0))


def state_times(entry: Facts) -> dict[str, datetime]:
    """When a call or leg was in each state. A reported time counts before ours."""
    times = {**entry.get("heard_states", {}), **entry.get("states", {})}
    return {state: datetime.fromisoformat(at) for state, at in times.items()}


def is_machine(answered_by: str) -> bool:
    return answered_by.startswith("machine") or answered_by == "fax"


def has_voicemail(facts: Facts) -> bool:
    """Whether a voicemail was left. Twilio transcribes only recordings of <Record>."""
    spoken = [one for one in facts.get("recordings", {}).values() if one.get("source") == VOICEMAIL and one["seconds"]]
    return bool(spoken or facts.get("texts"))


def _legs(facts: Facts) -> Iterator[Talk]:
    for sid, leg in facts.get("legs", {}).items():
        picked_up = _find_pick_up(state_times(leg), leg.get("seconds", 0))
        if picked_up is None or is_machine(leg.get("by", "")):
            continue
        verdict = _find_verdict(facts, sid, picked_up)
        if verdict is not False:
            yield Talk(picked_up, sid, sure=bool(verdict))


def _find_verdict(facts: Facts, leg: str, picked_up: datetime) -> bool | None:
    """What the <Dial> that rang this leg says of it: that it was connected, that it was not, or nothing yet."""
    dials = facts.get("dial", {})
    if leg in dials:
        return _connected(dials[leg])
    # One that rang several phones names one leg. The <Dial>s of a call come one after the other.
    later = [one for one in dials.values() if datetime.fromisoformat(one[2]) >= picked_up]
    return False if later and not _connected(min(later, key=lambda one: str(one[2]))) else None


def _connected(dial: list[str | int]) -> bool:
    state, bridged = dial[0], dial[3] if len(dial) > 3 else ""
    return bridged == "true" or (bridged != "false" and state in TALKED)


def _dials(facts: Facts) -> Iterator[Talk]:
    legs = facts.get("legs", {})
    for sid, dial in facts.get("dial", {}).items():
        leg = legs.get(sid, {})
        if not _connected(dial) or is_machine(leg.get("by", "")) or _find_pick_up(state_times(leg), 0):
            continue
        if sid == NO_LEG and facts.get("conferences"):
            continue  # the caller got into the conference: whether anybody else did is what the conference says
        yield Talk(datetime.fromisoformat(dial[2]) - timedelta(seconds=dial[1]), sid, sure=True)


def _queues(facts: Facts, start: datetime) -> Iterator[Talk]:
    if "dequeued" in facts:
        yield Talk(datetime.fromisoformat(facts["dequeued"]), "", sure=True)
        return
    for result, waited, at in facts.get("queues", {}).values():
        if result in _BRIDGED:
            # This is told when the caller leaves the queue for good, after the talk.
            yield Talk(min(start + timedelta(seconds=waited), datetime.fromisoformat(at)), "", sure=True)


def _conferences(facts: Facts) -> Iterator[Talk]:
    for one in facts.get("conferences", {}).values():
        if since := conferences.find_talk(one):
            yield Talk(datetime.fromisoformat(since), "", sure=True)


def _recordings(facts: Facts, start: datetime, ended: datetime | None) -> Iterator[Talk]:
    """The recording of a <Dial> of which nothing else is known begins when somebody answers. A leg or <Dial> that is
    known to have failed counts before it: record-from-ringing records an unanswered one too."""
    ends = any(FINAL & state_times(leg).keys() or "by" in leg for leg in facts.get("legs", {}).values())
    if ends or facts.get("dial"):
        return
    for one in facts.get("recordings", {}).values():
        if one.get("source") in _OF_TALKS and one["seconds"]:
            length = timedelta(seconds=one["seconds"])
            began = datetime.fromisoformat(one["started"]) if "started" in one else (ended - length if ended else start)
            yield Talk(max(began, start), "", sure=False)


def _find_pick_up(states: dict[str, datetime], seconds: int) -> datetime | None:
    if "in-progress" in states:
        return states["in-progress"]
    # An unanswered leg ends as busy, no-answer, failed or canceled.
    return states["completed"] - timedelta(seconds=seconds) if "completed" in states else None
