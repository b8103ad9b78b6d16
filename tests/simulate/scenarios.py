"""Invented calls. Pure. `stories` has what happens in them and what Twilio sends about it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

ACCOUNT = "AC" + "0123456789abcdef" * 2
BUSINESS, SECOND_DESK, AGENT = "+14045550199", "+14045550198", "+14045550197"


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
    outbound: bool = False
    seconds: int = 0
    outcome: str = ""  # what happened: answered, voicemail or missed
    callbacks: list[Callback] = field(default_factory=list)

    @property
    def sid(self) -> str:
        return f"CA{self.number:032x}"

    @property
    def inbound(self) -> bool:
        return not self.outbound

    def leg(self, number: int) -> str:
        return f"CA{self.number | number << 100:032x}"

    # --- what Twilio sends ------------------------------------------------------------------------------------------
    def own(self, status: str, at: float, facts: str, *, place: str = "voice", **more: Any) -> None:
        """A callback of the call itself."""
        ends = {"From": self.customer, "To": self.tracking, "Direction": "inbound"}
        if self.outbound:
            ends = {"From": self.tracking, "To": self.customer, "Direction": "outbound-api"}
        timed = {"Timestamp": self._time(at)} if place == "voice" else {}
        self.add(place, at, f"parties {facts}", {"CallStatus": status, **ends, **timed, **more})

    def of_leg(self, number: int, status: str, at: float, facts: str, **more: Any) -> None:
        """A callback of a leg that was dialled. `number` says which."""
        given = {"CallSid": self.leg(number), "ParentCallSid": self.sid, "CallStatus": status, "From": self.customer,
                 "To": BUSINESS, "Direction": "outbound-dial", "Timestamp": self._time(at), **more}  # fmt: skip
        self.add("voice", at, f"leg {facts}", given)

    def dial(self, number: int, status: str, at: float, facts: str, **more: Any) -> None:
        """How a <Dial> ended."""
        given = {"DialCallSid": self.leg(number), "DialCallStatus": status, **more}
        self.own("in-progress", at, facts, place="dial", **given)

    def recording(self, at: float, seconds: int, source: str) -> None:
        sid = f"RE{self.number:032x}"
        url = f"https://api.example.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}"
        facts = "message" if source == "RecordVerb" else "recording"
        given = {"RecordingSid": sid, "RecordingUrl": url, "RecordingStatus": "completed", "RecordingDuration": seconds}
        self.add("recording", at, facts, {**given, "RecordingSource": source})

    def transcription(self, at: float) -> None:
        given = {"TranscriptionSid": f"TR{self.number:032x}", "TranscriptionStatus": "completed",
                 "TranscriptionText": "Please call me back.", "From": self.customer, "To": self.tracking,
                 "Direction": "inbound", "CallStatus": "completed"}  # fmt: skip
        self.add("transcription", at, "parties transcription", given)

    def detection(self, number: int, at: float, by: str) -> None:
        """The callback of asynchronous answering machine detection names the leg only."""
        given = {"CallSid": self.leg(number), "AnsweredBy": by, "MachineDetectionDuration": 3100}
        self.add("voice", at, f"machine:{number}" if by != "human" else "", given)

    def conference(self, event: str, member: str, at: float, facts: str, **more: Any) -> None:
        given = {"ConferenceSid": f"CF{self.number:032x}", "FriendlyName": f"room {self.number}",
                 "StatusCallbackEvent": event, "CallSid": member, "Timestamp": self._time(at), **more}  # fmt: skip
        self.add("voice", at, facts, given)

    def add(self, place: str, at: float, facts: str, fields: dict[str, Any]) -> None:
        numbered = {"CallSid": self.sid, "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01"}
        whole = {**numbered, "SequenceNumber": len(self.callbacks), **fields}
        if place != "voice":
            del whole["SequenceNumber"]  # only status callbacks are numbered
        text = {name: str(value) for name, value in whole.items()}
        self.callbacks.append(Callback(place, text, at, facts))

    def _time(self, at: float) -> str:
        return format_datetime(self.began + timedelta(seconds=at))


def day(calls: int, trackers: list[str], began: datetime, rng: random.Random) -> Iterator[CallScenario]:
    from tests.simulate.stories import STORIES

    names = list(STORIES)
    weights = [STORIES[name].weight for name in names]
    for number in range(1, calls + 1):
        # None of the company's own, which end in 100 to 102 and 197 to 199: who has one of those is no customer.
        customer = f"+1{rng.choice((214, 312, 404, 503, 617, 713))}5550{rng.randrange(110, 190)}"
        start = began + timedelta(seconds=rng.randrange(600))
        (name,) = rng.choices(names, weights)
        scenario = CallScenario(number, name, start, rng.choice(trackers), customer)
        STORIES[name].tell(scenario, rng)
        yield scenario
