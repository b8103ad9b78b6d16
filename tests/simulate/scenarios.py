"""Invented lives of calls, and the callbacks that Twilio sends of them. Pure."""

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
    """`at`: seconds since the call began, when Twilio sends it. `tells`: for the reckoning, what it is about."""

    place: str
    fields: dict[str, str]
    at: float
    tells: str


@dataclass
class Life:
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


def day(calls: int, trackers: list[str], began: datetime, chance: random.Random) -> Iterator[Life]:
    for number in range(1, calls + 1):
        customer = f"+1{chance.choice((214, 312, 404, 503, 617, 713))}5550{chance.randrange(100, 200)}"
        start = began + timedelta(seconds=chance.randrange(600))
        life = Life(number, chance.choice(STORIES), start, chance.choice(trackers), customer)
        _tell(life, chance)
        yield life


def _tell(life: Life, chance: random.Random) -> None:
    rings, talks = chance.randrange(3, 20), chance.randrange(5, 200)
    leg = f"CA{life.number | 1 << 100:032x}"
    if life.story == "outbound":
        life.seconds = talks
        _own(life, "initiated", 0, "parties")
        _own(life, "ringing", 1, "parties")
        _own(life, "in-progress", rings, "answer")
        _own(life, "completed", rings + talks, "end answer", CallDuration=talks)
        _recording(life, rings + talks + 3, talks, "OutboundAPI")
        return
    _own(life, "ringing", 0, "parties", place="incoming")
    if life.story == "failed":
        _own(life, "failed", 1, "end", CallDuration=0)
        return
    _own(life, "in-progress", 1, "parties")
    _leg(life, leg, "initiated", 1, "leg")
    _leg(life, leg, "ringing", 2, "leg")
    if life.story == "hung_up":
        _leg(life, leg, "canceled", rings, "leg")
        life.seconds = rings
        _own(life, "completed", rings, "end", CallDuration=rings)
        return
    if life.story in ("missed", "busy", "voicemail"):
        state = "busy" if life.story == "busy" else "no-answer"
        _leg(life, leg, state, rings, "leg")
        _own(life, "in-progress", rings, "parties", place="dial", DialCallSid=leg, DialCallStatus=state)
        ends = rings + (talks if life.story == "voicemail" else 0)
        if life.story == "voicemail":
            _recording(life, ends + 2, talks, "RecordVerb")
            _transcription(life, ends + 20)
    else:
        ends = rings + talks
        _leg(life, leg, "in-progress", rings, "answer")
        _leg(life, leg, "completed", ends, "answer", CallDuration=talks)
        dialled = {"DialCallSid": leg, "DialCallStatus": "completed", "DialCallDuration": talks}
        _own(life, "in-progress", ends, "parties answer", place="dial", **dialled)
        _recording(life, ends + 3, talks, "DialVerb")
    life.seconds = ends
    _own(life, "completed", ends, "end", CallDuration=ends)


def _own(life: Life, status: str, at: float, tells: str, *, place: str = "voice", **more: Any) -> None:
    ours = {"From": life.customer, "To": life.tracking, "Direction": "inbound"}
    if not life.inbound:
        ours = {"From": life.tracking, "To": life.customer, "Direction": "outbound-api"}
    timed = {"Timestamp": format_datetime(life.began + timedelta(seconds=at))} if place == "voice" else {}
    _add(life, place, at, tells, {"CallStatus": status, **ours, **timed, **more})


def _leg(life: Life, leg: str, status: str, at: float, tells: str, **more: Any) -> None:
    timed = {"Timestamp": format_datetime(life.began + timedelta(seconds=at))}
    given = {"CallSid": leg, "ParentCallSid": life.sid, "CallStatus": status, "From": life.customer, "To": BUSINESS,
             "Direction": "outbound-dial", **timed, **more}  # fmt: skip
    _add(life, "voice", at, tells, given)


def _recording(life: Life, at: float, seconds: int, source: str) -> None:
    sid = f"RE{life.number:032x}"
    url = f"https://api.example.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}"
    tells = "message" if source == "RecordVerb" else "recording"
    given = {"RecordingSid": sid, "RecordingUrl": url, "RecordingStatus": "completed", "RecordingDuration": seconds}
    _add(life, "recording", at, tells, {**given, "RecordingSource": source})


def _transcription(life: Life, at: float) -> None:
    given = {"TranscriptionSid": f"TR{life.number:032x}", "TranscriptionStatus": "completed",
             "TranscriptionText": "Please call me back.", "From": life.customer, "To": life.tracking,
             "Direction": "inbound", "CallStatus": "completed"}  # fmt: skip
    _add(life, "transcription", at, "parties transcription", given)


def _add(life: Life, place: str, at: float, tells: str, fields: dict[str, Any]) -> None:
    number = len(life.callbacks)
    whole = {"CallSid": life.sid, "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "SequenceNumber": number, **fields}
    text = {name: str(value) for name, value in whole.items()}
    life.callbacks.append(Callback(place, text, at, tells.replace("end", "end parties")))
