"""What happens in the simulated calls. Pure.

Each function adds the callbacks of one kind of call. The words of a callback are for `rules`: parties, ended, length;
pickup:N, bridged:N, refused:N, machine:N, over:N of leg N; talk for what connects without a leg; own for a call out
that was picked up.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.simulate.scenarios import AGENT, SECOND_DESK, CallScenario


@dataclass(frozen=True)
class Story:
    tell: Callable[[CallScenario, random.Random], None]
    weight: int = 1


def _arrive(one: CallScenario) -> None:
    one.own("ringing", 0, "", place="incoming")
    one.own("in-progress", 1, "")


def _ring(one: CallScenario, leg: int = 1, at: float = 1, **more: str) -> None:
    one.of_leg(leg, "initiated", at, "", **more)
    one.of_leg(leg, "ringing", at + 1, "", **more)


def _end(one: CallScenario, at: int, outcome: str) -> None:
    one.seconds, one.outcome = at, outcome
    one.own("completed", at, "ended length", CallDuration=at)


def _talk(one: CallScenario, leg: int, begins: int, ends: int, **more: str) -> None:
    """A leg that is picked up and talks, and the <Dial> that ends with it."""
    length = ends - begins
    one.of_leg(leg, "in-progress", begins, f"pickup:{leg}", **more)
    one.of_leg(leg, "completed", ends, f"pickup:{leg} over:{leg}", CallDuration=length, **more)
    one.dial(leg, "completed", ends, f"bridged:{leg}", DialCallDuration=length, DialBridged="true")


def _leave_message(one: CallScenario, begins: int, rng: random.Random) -> int:
    """Returns when it ends."""
    length = rng.randrange(5, 60)
    one.recording(begins + length + 2, length, "RecordVerb")
    one.transcription(begins + length + 20)
    return begins + length


def answered(one: CallScenario, rng: random.Random) -> None:
    begins = rng.randrange(3, 20)
    ends = begins + rng.randrange(5, 200)
    _arrive(one)
    _ring(one)
    _talk(one, 1, begins, ends)
    one.recording(ends + 3, ends - begins, "DialVerb")
    _end(one, ends, "answered")


def transferred(one: CallScenario, rng: random.Random) -> None:
    """The first desk passes the caller on to a second."""
    begins = rng.randrange(3, 20)
    passed = begins + rng.randrange(5, 60)
    ends = passed + 5 + rng.randrange(5, 60)
    _arrive(one)
    _ring(one)
    _talk(one, 1, begins, passed)
    _ring(one, 2, passed + 1, To=SECOND_DESK)
    _talk(one, 2, passed + 5, ends, To=SECOND_DESK)
    one.recording(ends + 3, ends - passed - 5, "DialVerb")
    _end(one, ends, "answered")


def missed(one: CallScenario, rng: random.Random) -> None:
    rings = rng.randrange(3, 20)
    state = rng.choice(["busy", "no-answer"])
    _arrive(one)
    _ring(one)
    one.of_leg(1, state, rings, "over:1")
    one.dial(1, state, rings, "refused:1")
    _end(one, rings, "missed")


def hung_up(one: CallScenario, rng: random.Random) -> None:
    rings = rng.randrange(3, 20)
    _arrive(one)
    _ring(one)
    one.of_leg(1, "canceled", rings, "over:1")
    _end(one, rings, "missed")


def failed(one: CallScenario, rng: random.Random) -> None:
    one.own("ringing", 0, "", place="incoming")
    one.own("failed", 1, "ended length", CallDuration=0)
    one.outcome = "missed"


def voicemail(one: CallScenario, rng: random.Random) -> None:
    rings = rng.randrange(3, 20)
    _arrive(one)
    _ring(one)
    one.of_leg(1, "no-answer", rings, "over:1")
    one.dial(1, "no-answer", rings, "refused:1")
    _end(one, _leave_message(one, rings, rng), "voicemail")


def screened(one: CallScenario, rng: random.Random) -> None:
    """A phone's own voicemail picks up and does not get past "press 1 to accept". The caller leaves a message."""
    begins = rng.randrange(3, 20)
    _arrive(one)
    _ring(one)
    one.of_leg(1, "in-progress", begins, "pickup:1")
    one.of_leg(1, "completed", begins + 8, "pickup:1 over:1", CallDuration=8)
    one.dial(1, "completed", begins + 8, "refused:1", DialCallDuration=8, DialBridged="false")
    _end(one, _leave_message(one, begins + 8, rng), "voicemail")


def machine(one: CallScenario, rng: random.Random) -> None:
    """A machine picks up; its detection is told by a callback that names the leg only."""
    begins = rng.randrange(3, 20)
    ends = begins + rng.randrange(8, 20)
    _arrive(one)
    _ring(one)
    one.of_leg(1, "in-progress", begins, "pickup:1")
    one.detection(1, begins + 3, rng.choice(["machine_start", "machine_end_beep", "fax"]))
    one.of_leg(1, "completed", ends, "pickup:1 over:1", CallDuration=ends - begins)
    _end(one, ends, "missed")


def queued(one: CallScenario, rng: random.Random) -> None:
    waits = rng.randrange(5, 90)
    ends = waits + rng.randrange(5, 100)
    queue = {"QueueSid": f"QU{one.number:032x}", "QueueTime": waits}
    _arrive(one)
    one.own("in-progress", waits, "talk", place="dial", DequeingCallSid=one.leg(9), **queue)
    one.own("in-progress", ends, "talk", place="dial", QueueResult="bridged", **queue)
    _end(one, ends, "answered")


def gave_up_in_queue(one: CallScenario, rng: random.Random) -> None:
    waits = rng.randrange(5, 90)
    _arrive(one)
    one.own("completed", waits, "ended", place="dial", QueueSid=f"QU{one.number:032x}", QueueTime=waits,
            QueueResult="hangup")  # fmt: skip
    _end(one, waits, "missed")


def conference(one: CallScenario, rng: random.Random) -> None:
    """The caller waits until an agent joins."""
    joins = rng.randrange(5, 60)
    ends = joins + rng.randrange(5, 100)
    _arrive(one)
    one.conference("participant-join", one.sid, 2, "caller", StartConferenceOnEnter="false")
    one.conference("participant-join", one.leg(8), joins, "agent", StartConferenceOnEnter="true")
    one.conference("participant-leave", one.leg(8), ends, "")
    one.conference("participant-leave", one.sid, ends, "")
    _end(one, ends, "answered")


def outbound(one: CallScenario, rng: random.Random) -> None:
    one.outbound = True
    begins = rng.randrange(3, 20)
    ends = begins + rng.randrange(5, 200)
    one.own("initiated", 0, "")
    one.own("ringing", 1, "")
    one.own("in-progress", begins, "own")
    one.recording(ends + 3, ends - begins, "OutboundAPI")
    one.seconds, one.outcome = ends - begins, "outbound"
    one.own("completed", ends, "ended length own", CallDuration=ends - begins)


def click_to_call(one: CallScenario, rng: random.Random) -> None:
    """The account calls the agent, who then dials the customer."""
    one.outbound = True
    picks_up = rng.randrange(2, 10)
    begins = picks_up + 1 + rng.randrange(3, 20)
    ends = begins + rng.randrange(5, 200)
    agent = {"To": AGENT}
    to_customer = {"To": one.customer, "From": one.tracking}
    one.own("initiated", 0, "", **agent)
    one.own("in-progress", picks_up, "own", **agent)
    _ring(one, 1, picks_up + 1, **to_customer)
    one.of_leg(1, "in-progress", begins, "pickup:1", **to_customer)
    one.of_leg(1, "completed", ends, "pickup:1 over:1", CallDuration=ends - begins, **to_customer)
    dialled = {"DialCallSid": one.leg(1), "DialCallStatus": "completed", "DialCallDuration": ends - begins, **agent}
    one.own("in-progress", ends, "bridged:1", place="dial", **dialled)
    one.recording(ends + 3, ends - begins, "DialVerb")
    one.seconds, one.outcome = ends - picks_up, "outbound"
    one.own("completed", ends, "ended length own", CallDuration=one.seconds, **agent)


STORIES = {
    "answered": Story(answered, 4),
    "transferred": Story(transferred),
    "missed": Story(missed, 2),
    "hung_up": Story(hung_up),
    "failed": Story(failed),
    "voicemail": Story(voicemail),
    "screened": Story(screened),
    "machine": Story(machine),
    "queued": Story(queued),
    "gave_up_in_queue": Story(gave_up_in_queue),
    "conference": Story(conference),
    "outbound": Story(outbound),
    "click_to_call": Story(click_to_call),
}
