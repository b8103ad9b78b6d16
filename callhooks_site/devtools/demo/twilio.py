"""`--through twilio`: the same day as Twilio callbacks. Forms, and what Sam in the office notes about a call, still go
through the API, because Twilio does not know of them.

It signs like Twilio with its own code, which shares nothing with the code that checks the signatures.
"""

import base64
import hashlib
import hmac
import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlencode

import requests

from . import calls, events, messages
from .api import TIMEOUT_SECONDS, Api, Refused, Unanswered, Unreachable
from .people import Person, RandomPeople
from .settings import MEDIA_URL, START_IT, Tracker, TwilioSettings
from .step_sender import StepSender
from .steps import Scenario, Step

Callback = tuple[str, dict[str, Any], str]  # the URL's last part, the parameters, the query


@dataclass(frozen=True, slots=True)
class TwilioStep(Step):
    """A step of callbacks instead of an API request; `external_id` is Twilio's id of the call or text."""

    external_id: str = ""
    callbacks: tuple[Callback, ...] = ()


class TwilioCall:
    """A call at Twilio: its ids, and the two parties in every callback."""

    def __init__(self, scenario: Scenario, who: Person, *, inbound: bool = True) -> None:
        self.subject, self.tracker, self.who = scenario.subject, scenario.tracker, who
        self._media_url = scenario.media_url
        self._id = hashlib.sha256(scenario.subject.encode()).hexdigest()[:32]
        self.sid, self.leg, self.recording = f"CA{self._id}", f"CA{self._id[::-1]}", f"RE{self._id}"
        ends = (who.phone, scenario.tracker.phone_number)
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

    def build_step(self, words: str, fires: tuple[str, ...], *callbacks: Callback) -> TwilioStep:
        return TwilioStep(words, self.subject, "POST", "calls", {}, fires, self.sid, callbacks)

    def build_callback(self, status: str, ago: float, *, place: str = "voice", **more: Any) -> Callback:
        timed = {"Timestamp": _moment(ago)} if place == "voice" else {}
        return place, {**self._both, "CallStatus": status, **timed, **more}, ""

    def build_leg(self, status: str, ago: float, **more: Any) -> Callback:
        """A callback of the leg to the office."""
        own = {"CallSid": self.leg, "ParentCallSid": self.sid, "To": calls.OFFICE, "Direction": "outbound-dial"}
        return self.build_callback(status, ago, **own, **more)

    def build_recording(self, seconds: int, source: str) -> Callback:
        fields = {
            "CallSid": self.sid,
            "RecordingSid": self.recording,
            "RecordingUrl": f"{self._media_url}/recordings/{self.recording}-{seconds}.wav",
            "RecordingStatus": "completed",
            "RecordingDuration": seconds,
            "RecordingChannels": 2,
            "RecordingSource": source,
        }
        return "recording", fields, ""

    def build_transcription(self, ago: float, *lines: tuple[str, str]) -> list[Callback]:
        """Callbacks of a live transcription; `lines` are (track, words)."""
        callbacks: list[Callback] = []
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
            callbacks.append(("transcription", fields, ""))
        return [*callbacks, ("transcription", {**common, "TranscriptionEvent": "transcription-stopped"}, "")]

    def build_message(self, text: str) -> Callback:
        fields = {"TranscriptionSid": f"TR{self._id}", "TranscriptionStatus": "completed", "TranscriptionText": text}
        return self.build_callback("completed", 0, place="transcription", **fields)


def plan_day(trackers: tuple[Tracker, ...], rng: random.Random, media_url: str = MEDIA_URL) -> list[Step]:
    """The day of `day.plan_day`, in the same order."""
    people = RandomPeople(rng)
    run = f"{rng.randrange(16**6):06x}"

    def scenario(name: str, number: int) -> Scenario:
        return Scenario(people, trackers[number % len(trackers)], f"twilio-{run}-{name}", media_url)

    first, last = _plan_answered_call(scenario("answered", 0)), _plan_outbound_call(scenario("outbound", 0))
    return [
        *first[:3],
        *_plan_missed_call(scenario("missed", 1)),
        *first[3:5],
        *_plan_abandoned_call(scenario("abandoned", 2)),
        *_plan_voicemail(scenario("voicemail", 1)),
        *_plan_texts(scenario("texts", 0)),
        *last[:1],
        *first[5:],
        *messages.plan_forms(scenario("forms", 0)),
        *last[1:],
    ]


def _plan_answered_call(scenario: Scenario) -> list[Step]:
    who = scenario.people.pick_person()
    call = TwilioCall(scenario, who)
    dialled = {"DialCallSid": call.leg, "DialCallStatus": "completed", "DialCallDuration": 179}
    by_people = calls.plan_answered_call(_with(who, scenario))[5:]
    return [
        _ring(call, 200),
        call.build_step(
            f"Sam in the office picks up; {who.first_name} is talking.",
            (events.CALL_ROUTING_COMPLETE,),
            call.build_callback("in-progress", 199),
            call.build_leg("ringing", 198),
            call.build_leg("in-progress", 192),
        ),
        call.build_step(
            f"{who.first_name} hangs up. Recording and transcription are still to come.",
            (),
            call.build_leg("completed", 13, CallDuration=179, Duration=3),
            call.build_callback("in-progress", 13, place="dial", **dialled),
            call.build_callback("completed", 13, CallDuration=186, Duration=4),
        ),
        call.build_step(
            f"The recording of {who.first_name}’s call is ready.", (), call.build_recording(171, "DialVerb")
        ),
        call.build_step(
            f"So is the transcription of {who.first_name}’s call.",
            (events.POST_CALL,),
            *call.build_transcription(
                190, ("outbound_track", "Hello, this is Sam."), ("inbound_track", "My roof is leaking.")
            ),
        ),
        *by_people,
    ]


def _plan_missed_call(scenario: Scenario) -> list[Step]:
    who = scenario.people.pick_person()
    call = TwilioCall(scenario, who)
    return [
        _ring(call, 45),
        call.build_step(
            "The office’s phone rings …",
            (),
            call.build_callback("in-progress", 44),
            call.build_leg("ringing", 41),
        ),
        call.build_step(
            f"… where nobody picks up. {who.first_name}’s call is missed.",
            (events.POST_CALL,),
            call.build_leg("no-answer", 11),
            call.build_callback("in-progress", 11, place="dial", DialCallSid=call.leg, DialCallStatus="no-answer"),
            call.build_callback("completed", 10, CallDuration=35, Duration=1),
        ),
    ]


def _plan_abandoned_call(scenario: Scenario) -> list[Step]:
    who = scenario.people.pick_person()
    call = TwilioCall(scenario, who)
    return [
        _ring(call, 12),
        call.build_step(
            f"{who.first_name} gives up before anyone can answer.",
            (events.POST_CALL,),
            call.build_leg("canceled", 5),
            call.build_callback("completed", 5, CallDuration=7, Duration=1),
        ),
    ]


def _plan_voicemail(scenario: Scenario) -> list[Step]:
    who = scenario.people.pick_person()
    call = TwilioCall(scenario, who)
    return [
        _ring(call, 75),
        call.build_step(
            "Nobody is in; the call goes to voicemail.",
            (),
            call.build_leg("busy", 61),
            call.build_callback("in-progress", 60, place="dial", DialCallSid=call.leg, DialCallStatus="busy"),
        ),
        call.build_step(
            f"{who.first_name} leaves a message and hangs up.",
            (),
            call.build_recording(31, "RecordVerb"),
            call.build_callback("completed", 15, CallDuration=60, Duration=1),
        ),
        call.build_step(
            f"{who.first_name}’s message has its transcription.",
            (events.POST_CALL,),
            call.build_message(f"Hi, it’s {who.first_name}. Please call me back about the gutters."),
        ),
    ]


def _plan_outbound_call(scenario: Scenario) -> list[Step]:
    who = scenario.people.pick_person()
    call = TwilioCall(scenario, who, inbound=False)
    return [
        call.build_step(
            f"Sam has called {who.name} ({who.phone}) back: an outbound call.",
            (events.POST_CALL,),
            call.build_callback("initiated", 140),
            call.build_callback("in-progress", 131),
            *call.build_transcription(130, ("outbound_track", "Good morning, you asked for an offer.")),
            call.build_callback("completed", 20, CallDuration=111, Duration=2),
            call.build_recording(108, "OutboundAPI"),
        ),
        *calls.plan_outbound_call(_with(who, scenario))[1:],
    ]


def _with(who: Person, scenario: Scenario) -> Scenario:
    """The same scenario with only this person."""

    class Only(RandomPeople):
        def pick_person(self) -> Person:
            return who

    return replace(scenario, people=Only(random.Random()))


def _ring(call: TwilioCall, ago: float) -> TwilioStep:
    words = f"{call.who.name} ({call.who.phone}) calls {call.tracker.name}; the phone rings."
    own_twiml = "next=" + quote("https://twiml.example.com/voice", safe="")
    place, fields, _ = call.build_callback("ringing", ago, place="incoming")
    return call.build_step(words, (events.PRE_CALL,), (place, fields, own_twiml), call.build_callback("ringing", ago))


def _plan_texts(scenario: Scenario) -> list[Step]:
    """The same three texts as through the API."""
    steps: list[Step] = []
    for step in messages.plan_texts(scenario):
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
        steps.append(TwilioStep(step.words, step.subject, "POST", "texts", {}, step.events, sid, callbacks))
    return steps


class TwilioStepSender(StepSender):
    """Sends a step's callbacks, and asks the API which call or text they created."""

    def __init__(self, api: Api, twilio: TwilioSettings) -> None:
        super().__init__(api)
        self._twilio = twilio
        self._session = requests.Session()
        self._session.trust_env = False

    def send_step(self, step: Step) -> str:
        if not isinstance(step, TwilioStep):
            return super().send_step(step)
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
