"""Invented calls, and the callbacks that Twilio sends about them. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

ACCOUNT = "AC" + "0123456789abcdef" * 2
BUSINESS = "+14045550199"
STORIES = ("answered", "answered", "answered", "missed", "voicemail", "busy", "outbound", "failed", "hung_up")


@dataclass(frozen=True)
class Callback:
    """Twilio sends it `at` seconds after the call began. `facts`: what it says, for the rules, separated by blanks."""

    place: str
    fields: dict[str, str]
    at: float
    facts: str


@dataclass
class CallScenario:
    number: int
    story: str
    began: datetime
    tracking: str
    customer: str
    seconds: int = 0
    callbacks: list[Callback] = field(default_factory=list)

    @property
    def sid(self) -> str:
        return f"CA{self.number:032x}"

    @property
    def inbound(self) -> bool:
        return self.story != "outbound"


def day(calls: int, trackers: list[str], began: datetime, rng: random.Random) -> Iterator[CallScenario]:
    for number in range(1, calls + 1):
        customer = f"+1{rng.choice((214, 312, 404, 503, 617, 713))}5550{rng.randrange(100, 200)}"
        start = began + timedelta(seconds=rng.randrange(600))
        scenario = CallScenario(number, rng.choice(STORIES), start, rng.choice(trackers), customer)
        _add_callbacks(scenario, rng)
        yield scenario


def _add_callbacks(scenario: CallScenario, rng: random.Random) -> None:
    rings, talks = rng.randrange(3, 20), rng.randrange(5, 200)
    leg = f"CA{scenario.number | 1 << 100:032x}"
    if scenario.story == "outbound":
        scenario.seconds = talks
        _own(scenario, "initiated", 0, "parties")
        _own(scenario, "ringing", 1, "parties")
        _own(scenario, "in-progress", rings, "answer")
        _own(scenario, "completed", rings + talks, "end answer", CallDuration=talks)
        _recording(scenario, rings + talks + 3, talks, "OutboundAPI")
        return
    _own(scenario, "ringing", 0, "parties", place="incoming")
    if scenario.story == "failed":
        _own(scenario, "failed", 1, "end", CallDuration=0)
        return
    _own(scenario, "in-progress", 1, "parties")
    _leg(scenario, leg, "initiated", 1, "leg")
    _leg(scenario, leg, "ringing", 2, "leg")
    if scenario.story == "hung_up":
        _leg(scenario, leg, "canceled", rings, "leg")
        scenario.seconds = rings
        _own(scenario, "completed", rings, "end", CallDuration=rings)
        return
    if scenario.story in ("missed", "busy", "voicemail"):
        state = "busy" if scenario.story == "busy" else "no-answer"
        _leg(scenario, leg, state, rings, "leg")
        _own(scenario, "in-progress", rings, "parties", place="dial", DialCallSid=leg, DialCallStatus=state)
        ends = rings + (talks if scenario.story == "voicemail" else 0)
        if scenario.story == "voicemail":
            _recording(scenario, ends + 2, talks, "RecordVerb")
            _transcription(scenario, ends + 20)
    else:
        ends = rings + talks
        _leg(scenario, leg, "in-progress", rings, "answer")
        _leg(scenario, leg, "completed", ends, "answer", CallDuration=talks)
        dialled = {"DialCallSid": leg, "DialCallStatus": "completed", "DialCallDuration": talks}
        _own(scenario, "in-progress", ends, "parties answer", place="dial", **dialled)
        _recording(scenario, ends + 3, talks, "DialVerb")
    scenario.seconds = ends
    _own(scenario, "completed", ends, "end", CallDuration=ends)


def _own(scenario: CallScenario, status: str, at: float, facts: str, *, place: str = "voice", **more: Any) -> None:
    ours = {"From": scenario.customer, "To": scenario.tracking, "Direction": "inbound"}
    if not scenario.inbound:
        ours = {"From": scenario.tracking, "To": scenario.customer, "Direction": "outbound-api"}
    timed = {"Timestamp": format_datetime(scenario.began + timedelta(seconds=at))} if place == "voice" else {}
    _add(scenario, place, at, facts, {"CallStatus": status, **ours, **timed, **more})


def _leg(scenario: CallScenario, leg: str, status: str, at: float, facts: str, **more: Any) -> None:
    timed = {"Timestamp": format_datetime(scenario.began + timedelta(seconds=at))}
    given = {"CallSid": leg, "ParentCallSid": scenario.sid, "CallStatus": status, "From": scenario.customer,
             "To": BUSINESS, "Direction": "outbound-dial", **timed, **more}  # fmt: skip
    _add(scenario, "voice", at, facts, given)


def _recording(scenario: CallScenario, at: float, seconds: int, source: str) -> None:
    sid = f"RE{scenario.number:032x}"
    url = f"https://api.example.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}"
    facts = "message" if source == "RecordVerb" else "recording"
    given = {"RecordingSid": sid, "RecordingUrl": url, "RecordingStatus": "completed", "RecordingDuration": seconds}
    _add(scenario, "recording", at, facts, {**given, "RecordingSource": source})


def _transcription(scenario: CallScenario, at: float) -> None:
    given = {"TranscriptionSid": f"TR{scenario.number:032x}", "TranscriptionStatus": "completed",
             "TranscriptionText": "Please call me back.", "From": scenario.customer, "To": scenario.tracking,
             "Direction": "inbound", "CallStatus": "completed"}  # fmt: skip
    _add(scenario, "transcription", at, "parties transcription", given)


def _add(scenario: CallScenario, place: str, at: float, facts: str, fields: dict[str, Any]) -> None:
    number = len(scenario.callbacks)
    whole = {
        "CallSid": scenario.sid,
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "SequenceNumber": number,
        **fields,
    }
    text = {name: str(value) for name, value in whole.items()}
    scenario.callbacks.append(Callback(place, text, at, facts.replace("end", "end parties")))
