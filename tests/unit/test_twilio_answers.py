"""Whether somebody talked, from what Twilio's callbacks say: machines, screening, voicemail, queues and conferences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callhooks_site.intake.providers import callback_facts, conferences, fact_merging
from callhooks_site.intake.providers.call_state import build_call_fields
from callhooks_site.intake.providers.callback_request import CallbackParams
from tests.support.twilio import ACCOUNT, TRACKING, at, call, leg, recording

T0 = datetime(2026, 3, 2, 18, 41, tzinfo=UTC)
ONE, LEG, SECOND = "CA" + "1" * 32, "CA" + "2" * 32, "CA" + "3" * 32


def after(seconds):
    return at(T0 + timedelta(seconds=seconds))


def read(*callbacks):
    """The call's fields from callbacks, each with the second in which it arrives."""
    facts = [
        callback_facts.extract_facts(CallbackParams(fields), T0 + timedelta(seconds=seconds))
        for seconds, fields in callbacks
    ]
    known = fact_merging.merge_facts(facts)
    return build_call_fields(known, is_tracking=lambda phone: phone == TRACKING, region="US")


def outcome(*callbacks):
    fields = read(*callbacks)
    return "answered" if fields["answered_at"] else "voicemail" if fields["voicemail"] else "missed"


RINGS = (0, call(ONE, "ringing"))
ENDED = (60, call(ONE, "completed", CallDuration=60, Timestamp=after(60)))
PICKED_UP = (10, leg(ONE, LEG, "in-progress", Timestamp=after(10)))
HUNG_UP = (18, leg(ONE, LEG, "completed", CallDuration=8, Timestamp=after(18)))
RECORD_ACTION = {
    "RecordingUrl": f"https://api.example.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE{'7' * 32}",
    "RecordingDuration": "14", "Digits": "hangup",
}  # fmt: skip


def dial(seconds, status, **more):
    return seconds, call(ONE, "in-progress", DialCallSid=LEG, DialCallStatus=status, **more)


@pytest.mark.parametrize(
    ("expected", "callbacks"),
    [
        pytest.param("answered", [PICKED_UP, HUNG_UP], id="a leg that was picked up"),
        pytest.param("missed", [PICKED_UP, HUNG_UP, dial(18, "completed", DialCallDuration=8, DialBridged="false")],
                     id="a leg that did not get past the screening"),
        pytest.param("answered", [PICKED_UP, dial(18, "completed", DialCallDuration=8, DialBridged="true")],
                     id="a leg that was bridged"),
        pytest.param("answered", [dial(18, "answered", DialBridged="true")], id="bridged without a word of the leg"),
        pytest.param("missed", [PICKED_UP, HUNG_UP, dial(18, "no-answer")], id="the dial says nobody answered"),
        pytest.param("missed", [(11, leg(ONE, LEG, "in-progress", Timestamp=after(10), AnsweredBy="machine_start"))],
                     id="a machine picked up"),
        pytest.param("missed", [(11, leg(ONE, LEG, "in-progress", AnsweredBy="fax"))], id="a fax picked up"),
        pytest.param("answered", [(11, leg(ONE, LEG, "in-progress", AnsweredBy="human"))], id="a human picked up"),
        pytest.param("missed", [
            (11, leg(ONE, LEG, "in-progress", AnsweredBy="machine_end_beep")),
            dial(18, "completed", DialCallDuration=8, DialBridged="true"),
        ], id="bridged with a machine"),
        pytest.param("voicemail", [PICKED_UP, HUNG_UP, (50, recording(ONE, RecordingSource="RecordVerb"))],
                     id="a message was left after the leg"),
        pytest.param("answered", [
            PICKED_UP, dial(18, "completed", DialCallDuration=8), (50, recording(ONE, RecordingSource="RecordVerb")),
        ], id="a message after a talk"),
        pytest.param("voicemail", [dial(18, "busy"), (50, call(ONE, "completed", **RECORD_ACTION))],
                     id="the action of Record, without a source"),
        pytest.param("missed", [dial(18, "busy"), (60, call(ONE, "completed", CallDuration=60, Timestamp=after(60),
                                                             CallbackSource="call-progress-events", **RECORD_ACTION))],
                     id="the recording of the whole call is no message"),
        pytest.param("answered", [(70, recording(ONE, RecordingDuration=60))], id="a Dial's recording, nothing else"),
        pytest.param("missed", [(9, leg(ONE, LEG, "no-answer")), (70, recording(ONE, RecordingDuration=60))],
                     id="a recording from ringing on"),
        pytest.param("missed", [(9, leg(ONE, LEG, "in-progress", Timestamp=after(3))),
                                (9, leg(ONE, SECOND, "in-progress", Timestamp=after(4))),
                                dial(18, "no-answer", DialBridged="false")],
                     id="two machines rang together, one is named"),
        pytest.param("answered", [PICKED_UP, dial(18, "completed", DialBridged="false"),
                                  (30, leg(ONE, SECOND, "in-progress", Timestamp=after(29)))],
                     id="the second dial is answered"),
        pytest.param("answered", [(50, call(ONE, "in-progress", QueueSid="QU1", QueueResult="bridged", QueueTime=20))],
                     id="taken out of a queue"),
        pytest.param("missed", [(50, call(ONE, "completed", QueueSid="QU1", QueueResult="hangup", QueueTime=20))],
                     id="gave up in a queue"),
        pytest.param("answered", [(22, call(ONE, "in-progress", QueueSid="QU1", QueueTime=20, DequeingCallSid=SECOND))],
                     id="is told in the queue that an agent is there"),
        pytest.param("answered", [(50, call(ONE, "in-progress", DialCallStatus="answered"))],
                     id="a dialled conference"),
    ],
)  # fmt: skip
def test_who_talked(expected, callbacks):
    assert outcome(RINGS, *callbacks, ENDED) == expected
    assert outcome(ENDED, *reversed(callbacks), RINGS) == expected, "in the other order"


def test_when_a_queue_and_a_recording_say_somebody_answered():
    fields = read(RINGS, (50, call(ONE, "in-progress", QueueSid="QU1", QueueResult="bridged", QueueTime=20)), ENDED)
    assert fields["answered_at"] == fields["routed_at"] == T0 + timedelta(seconds=20)
    fields = read(RINGS, ENDED, (70, recording(ONE, RecordingDuration=45)))
    assert fields["answered_at"] == T0 + timedelta(seconds=15)
    started = recording(ONE, RecordingDuration=45, RecordingStartTime=after(12))
    assert read(RINGS, ENDED, (70, started))["answered_at"] == T0 + timedelta(seconds=12)


def test_a_voicemail_has_the_message_not_what_the_phone_did_before():
    screened = recording(ONE, RecordingDuration=30)
    message = recording(ONE, RecordingDuration=9, RecordingSource="RecordVerb")
    fields = read(RINGS, dial(18, "completed", DialBridged="false"), (20, screened), (50, message), ENDED)
    assert fields["voicemail"]
    assert fields["recording_duration"] == 9


def test_a_call_out_that_a_machine_took():
    out = {"From": TRACKING, "To": "+12145550123", "Direction": "outbound-api"}
    took = [(4, call(ONE, "in-progress", **out, Timestamp=after(4)))]
    assert read(*took)["answered_at"] == T0 + timedelta(seconds=4)
    detected = {
        "CallSid": ONE,
        "AccountSid": ACCOUNT,
        "AnsweredBy": "machine_start",
        "MachineDetectionDuration": "3300",
    }
    assert read(*took, (8, detected))["answered_at"] is None
    assert read(*took, (8, {**detected, "AnsweredBy": "human"}))["answered_at"]


def test_our_time_gives_way_to_the_provider_s():
    """Our clock is a minute ahead, and the callbacks without a time come late too."""
    fields = read(
        (60, call(ONE, "ringing")),
        (61, call(ONE, "in-progress", Timestamp=after(1))),
        (92, call(ONE, "in-progress", DialCallSid=LEG, DialCallStatus="completed", DialCallDuration=10)),
        (93, call(ONE, "completed", Timestamp=after(32), CallDuration=31)),
        (95, call(ONE, "completed", **RECORD_ACTION)),
    )
    assert (fields["start_time"], fields["ended_at"]) == (T0 + timedelta(seconds=1), T0 + timedelta(seconds=32))
    assert fields["start_time"] <= fields["answered_at"] <= fields["ended_at"]


def event(name, member="", **more):
    told = {"ConferenceSid": "CF1", "FriendlyName": "room", "AccountSid": ACCOUNT, "StatusCallbackEvent": name, **more}
    return {**told, "CallSid": member} if member else told


def meet(*events):
    """When the call CA1 talked in a conference, in seconds; each event with the second in which it happened."""
    facts = fact_merging.merge_facts(
        callback_facts.extract_facts(CallbackParams({**fields, "Timestamp": after(seconds)}), T0)
        for seconds, fields in events
    )
    since = conferences.find_talk(conferences.for_member(facts, "CA1")["conferences"]["CF1"])
    return (datetime.fromisoformat(since) - T0).total_seconds() if since else None


WAITS = event("participant-join", "CA1", StartConferenceOnEnter="false")
AGENT = event("participant-join", "CA2", StartConferenceOnEnter="true")


@pytest.mark.parametrize(
    ("expected", "events"),
    [
        pytest.param(None, [(1, WAITS)], id="alone"),
        pytest.param(None, [(1, WAITS), (2, event("participant-join", "CA3", StartConferenceOnEnter="false"))],
                     id="two who wait"),
        pytest.param(30, [(1, WAITS), (30, AGENT)], id="an agent joins"),
        pytest.param(30, [(30, WAITS), (1, AGENT)], id="an agent is there"),
        pytest.param(None, [(1, WAITS), (20, event("participant-leave", "CA1")), (30, AGENT)], id="gave up before"),
        pytest.param(None, [(1, AGENT), (20, event("participant-leave", "CA2")), (30, WAITS)], id="the agent had left"),
        pytest.param(40, [(1, WAITS), (2, event("participant-join", "CA3", StartConferenceOnEnter="false")),
                          (40, event("conference-start"))], id="somebody started it"),
    ],
)  # fmt: skip
def test_a_conference_is_a_talk_once_another_is_in_it(expected, events):
    assert meet(*events) == expected
    assert meet(*reversed(events)) == expected
