"""`--through twilio`: the same day, told as Twilio's callbacks. What Twilio knows nothing of (forms, and what Sam in
the office notes about a call) goes through the API as ever.

It signs like Twilio by code of its own, which shares nothing with what checks the signatures.
"""

import base64
import hashlib
import hmac
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlencode

import requests

from . import calls, events, messages
from .api import TIMEOUT_SECONDS, Api, Refused, Unanswered, Unreachable
from .cast import Cast, Person
from .player import Player
from .settings import START_IT, Tracker, TwilioSettings
from .story import Scene, Step

Callback = tuple[str, dict[str, Any], str]  # the URL's last part, the parameters, the query


@dataclass(frozen=True, slots=True)
class Told(Step):
    """A step that is callbacks instead of a request; `external_id` is what Twilio calls the call or text."""

    external_id: str = ""
    callbacks: tuple[Callback, ...] = ()


class Line:
    """A call or text at Twilio: its ids, and the two parties in every callback."""

    def __init__(self, scene: Scene, who: Person, *, inbound: bool = True) -> None:
        self.subject, self.tracker, self.who = scene.subject, scene.tracker, who
        self._id = hashlib.sha256(scene.subject.encode()).hexdigest()[:32]
        self.sid, self.leg, self.recording = f"CA{self._id}", f"CA{self._id[::-1]}", f"RE{self._id}"
        ends = (who.phone, scene.tracker.phone_number)
        caller, called = ends if inbound else ends[::-1]
        own, theirs = ("From", "To") if inbound else ("To", "From")
        self._both = {
            "CallSid": self.sid,
            "From": caller,
            "To": called,
            "Direction": "inbound" if inbound else "outbound-api",
            f"{own}City": who.city.upper(),
            f"{own}State": who.state,
            f"{own}Country": "US",
            f"{theirs}Country": "US",
        }
        if inbound:
            self._both |= {"CallerName": who.name, "StirVerstat": "TN-Validation-Passed-A"}

    def told(self, words: str, fires: tuple[str, ...], *callbacks: Callback) -> Told:
        return Told(words, self.subject, "POST", "calls", {}, fires, self.sid, callbacks)

    def call(self, status: str, ago: float, *, place: str = "voice", **more: Any) -> Callback:
        timed = {"Timestamp": _moment(ago)} if place == "voice" else {}
        return place, {**self._both, "CallStatus": status, **timed, **more}, ""

    def leg_is(self, status: str, ago: float, **more: Any) -> Callback:
        """The leg to the office."""
        own = {"CallSid": self.leg, "ParentCallSid": self.sid, "To": calls.OFFICE, "Direction": "outbound-dial"}
        return self.call(status, ago, **own, **more)

    def recorded(self, seconds: int, source: str) -> Callback:
        fields = {
            "CallSid": self.sid,
            "RecordingSid": self.recording,
            "RecordingUrl": f"https://media.example.com/{self.recording}",
            "RecordingStatus": "completed",
            "RecordingDuration": seconds,
            "RecordingChannels": 2,
            "RecordingSource": source,
        }
        return "recording", fields, ""

    def spoken(self, ago: float, *lines: tuple[str, str]) -> list[Callback]:
        """A transcription while they speak: (track, words)."""
        said: list[Callback] = []
        common = {"CallSid": self.sid, "TranscriptionSid": f"GT{self._id}"}
        for number, (track, words) in enumerate(lines, start=1):
            fields = {
                **common,
                "TranscriptionEvent": "transcription-content",
                "TranscriptionData": json.dumps({"transcript": words, "confidence": 0.97}),
                "Track": track,
                "Final": "true",
                "SequenceId": number,
                "Timestamp": (datetime.now(UTC) - timedelta(seconds=ago - number)).isoformat(),
            }
            said.append(("transcription", fields, ""))
        return [*said, ("transcription", {**common, "TranscriptionEvent": "transcription-stopped"}, "")]

    def left_message(self, text: str) -> Callback:
        fields = {"TranscriptionSid": f"TR{self._id}", "TranscriptionStatus": "completed", "TranscriptionText": text}
        return self.call("completed", 0, place="transcription", **fields)


def script(trackers: tuple[Tracker, ...], chance: random.Random) -> list[Step]:
    """The day of `day.script`, in the same order."""
    cast = Cast(chance)
    run = f"{chance.randrange(16**6):06x}"

    def scene(name: str, number: int) -> Scene:
        return Scene(cast, trackers[number % len(trackers)], f"twilio-{run}-{name}")

    first, last = _answered(scene("answered", 0)), _outbound(scene("outbound", 0))
    return [
        *first[:3],
        *_missed(scene("missed", 1)),
        *first[3:5],
        *_abandoned(scene("abandoned", 2)),
        *_voicemail(scene("voicemail", 1)),
        *_texts(scene("texts", 0)),
        *last[:1],
        *first[5:],
        *messages.forms(scene("forms", 0)),
        *last[1:],
    ]


def _answered(scene: Scene) -> list[Step]:
    who = scene.cast.person()
    line = Line(scene, who)
    dialled = {"DialCallSid": line.leg, "DialCallStatus": "completed", "DialCallDuration": 179}
    by_people = calls.answered(_with(who, scene))[5:]
    return [
        _ring(line, 200),
        line.told(
            f"Sam in the office picks up; {who.first_name} is talking.",
            (events.CALL_ROUTING_COMPLETE,),
            line.call("in-progress", 199),
            line.leg_is("ringing", 198),
            line.leg_is("in-progress", 192),
        ),
        line.told(
            f"{who.first_name} hangs up. Recording and transcription are still to come.",
            (),
            line.leg_is("completed", 13, CallDuration=179, Duration=3),
            line.call("in-progress", 13, place="dial", **dialled),
            line.call("completed", 13, CallDuration=186, Duration=4),
        ),
        line.told(f"The recording of {who.first_name}’s call is ready.", (), line.recorded(171, "DialVerb")),
        line.told(
            f"So is the transcription of {who.first_name}’s call.",
            (events.POST_CALL,),
            *line.spoken(190, ("outbound_track", "Hello, this is Sam."), ("inbound_track", "My roof is leaking.")),
        ),
        *by_people,
    ]


def _missed(scene: Scene) -> list[Step]:
    who = scene.cast.person()
    line = Line(scene, who)
    return [
        _ring(line, 45),
        line.told("The office’s phone rings …", (), line.call("in-progress", 44), line.leg_is("ringing", 41)),
        line.told(
            f"… where nobody picks up. {who.first_name}’s call is missed.",
            (events.POST_CALL,),
            line.leg_is("no-answer", 11),
            line.call("in-progress", 11, place="dial", DialCallSid=line.leg, DialCallStatus="no-answer"),
            line.call("completed", 10, CallDuration=35, Duration=1),
        ),
    ]


def _abandoned(scene: Scene) -> list[Step]:
    who = scene.cast.person()
    line = Line(scene, who)
    return [
        _ring(line, 12),
        line.told(
            f"{who.first_name} gives up before anyone can answer.",
            (events.POST_CALL,),
            line.leg_is("canceled", 5),
            line.call("completed", 5, CallDuration=7, Duration=1),
        ),
    ]


def _voicemail(scene: Scene) -> list[Step]:
    who = scene.cast.person()
    line = Line(scene, who)
    return [
        _ring(line, 75),
        line.told(
            "Nobody is in; the call goes to voicemail.",
            (),
            line.leg_is("busy", 61),
            line.call("in-progress", 60, place="dial", DialCallSid=line.leg, DialCallStatus="busy"),
        ),
        line.told(
            f"{who.first_name} leaves a message and hangs up.",
            (),
            line.recorded(31, "RecordVerb"),
            line.call("completed", 15, CallDuration=60, Duration=1),
        ),
        line.told(
            f"{who.first_name}’s message has its transcription.",
            (events.POST_CALL,),
            line.left_message(f"Hi, it’s {who.first_name}. Please call me back about the gutters."),
        ),
    ]


def _outbound(scene: Scene) -> list[Step]:
    who = scene.cast.person()
    line = Line(scene, who, inbound=False)
    return [
        line.told(
            f"Sam has called {who.name} ({who.phone}) back: an outbound call.",
            (events.POST_CALL,),
            line.call("initiated", 140),
            line.call("in-progress", 131),
            *line.spoken(130, ("outbound_track", "Good morning, you asked for an offer.")),
            line.call("completed", 20, CallDuration=111, Duration=2),
            line.recorded(108, "OutboundAPI"),
        ),
        *calls.outbound(_with(who, scene))[1:],
    ]


def _with(who: Person, scene: Scene) -> Scene:
    """The same scene, with this person in it and nobody else."""

    class Only(Cast):
        def person(self) -> Person:
            return who

    return Scene(Only(random.Random()), scene.tracker, scene.subject)


def _ring(line: Line, ago: float) -> Told:
    words = f"{line.who.name} ({line.who.phone}) calls {line.tracker.name}; the phone rings."
    own_twiml = "next=" + quote("https://twiml.example.com/voice", safe="")
    place, fields, _ = line.call("ringing", ago, place="incoming")
    return line.told(words, (events.PRE_CALL,), (place, fields, own_twiml), line.call("ringing", ago))


def _texts(scene: Scene) -> list[Step]:
    """The same three texts as through the API."""
    steps: list[Step] = []
    for step in messages.texts(scene):
        inbound = step.fields["direction"] == "inbound"
        sid = "SM" + hashlib.sha256(step.subject.encode()).hexdigest()[:32]
        parties = {"From": step.fields["customer_phone_number"], "To": step.fields["tracking_phone_number"]}
        content, media = step.fields["content"], step.fields.get("media_urls", [])
        common = {"MessageSid": sid, "SmsSid": sid}
        if inbound:
            pictures = {f"MediaUrl{number}": url for number, url in enumerate(media)}
            fields = {**common, **parties, "SmsStatus": "received", "Body": content, "NumMedia": len(media), **pictures}
            callbacks: tuple[Callback, ...] = (("message", fields, ""),)
        else:
            ours = {"From": parties["To"], "To": parties["From"]}
            query = "content=" + quote(content, safe="")
            states = ("sent", "delivered")
            callbacks = tuple(("message-status", {**common, **ours, "MessageStatus": one}, query) for one in states)
        steps.append(Told(step.words, step.subject, "POST", "texts", {}, step.events, sid, callbacks))
    return steps


class TwilioPlayer(Player):
    """Sends callbacks where a step has some; which call or text they made is asked of the API."""

    def __init__(self, api: Api, twilio: TwilioSettings) -> None:
        super().__init__(api)
        self._twilio = twilio
        self._session = requests.Session()
        self._session.trust_env = False

    def play(self, step: Step) -> str:
        if not isinstance(step, Told):
            return super().play(step)
        for place, fields, query in step.callbacks:
            self._send(place, fields, query)
        resource_id = self._api.find(step.kind, {"external_source": "twilio", "external_id": step.external_id})
        self._ids[step.subject] = resource_id
        return resource_id

    def _send(self, place: str, fields: dict[str, Any], query: str) -> None:
        url = f"{self._twilio.url}/{place}" + (f"?{query}" if query else "")
        whole = {"AccountSid": self._twilio.account_sid, "ApiVersion": "2010-04-01"}
        whole |= {name: str(value) for name, value in fields.items()}
        signed = url + "".join(name + whole[name] for name in sorted(whole))
        signature = base64.b64encode(hmac.digest(self._twilio.auth_token.encode(), signed.encode(), hashlib.sha1))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": signature.decode(),
        }
        try:
            answer = self._session.post(
                url, urlencode(whole), headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.ConnectionError:
            raise Unreachable(f"Nothing answers at {self._twilio.url}. {START_IT}") from None
        except requests.RequestException as error:
            raise Unanswered(f"POST {url}: {type(error).__name__}") from None
        if answer.status_code not in (200, 204):
            raise Refused(f"POST {url}: refused with {answer.status_code}. The admin’s Refused callbacks say why.")


def _moment(seconds_ago: float) -> str:
    return format_datetime(datetime.now(UTC) - timedelta(seconds=seconds_ago))
