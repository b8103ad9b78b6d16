"""Post-Call is told once and right: what is on its way when a call ends is awaited for a short, set time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from callhooks_site.intake.providers import refusals
from callhooks_site.intake.providers.models import ProviderCall, ProviderLeg, RefusedCallback
from calls.call_states import call_type
from calls.models import Call
from subscriptions.models import Event
from tests.support import factories
from tests.support.twilio import (
    ACCOUNT,
    BUSINESS,
    at,
    call,
    leg,
    let_settle,
    make_tracked_source,
    recording,
    send,
    send_all,
    sid,
)

pytestmark = pytest.mark.django_db

T0 = datetime.min.replace(tzinfo=UTC)


@pytest.fixture(autouse=True)
def _begin_a_minute_ago():
    """Before each test, for a run may take longer than a call waits. Twilio's times have whole seconds."""
    global T0
    T0 = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=60)


def after(seconds):
    return at(T0 + timedelta(seconds=seconds))


@pytest.fixture
def source():
    return make_tracked_source(destination=BUSINESS, transcription_expected=False)


def told(call_sid):
    """The events of a call, post_call with its outcome."""
    found = Call.objects.get(external_id=call_sid)
    rows = Event.objects.filter(subject_id=found.resource_id).order_by("sequence").values_list("type", "body")
    return [f"{kind}:{json.loads(bytes(body))['call_type']}" if kind == "post_call" else kind for kind, body in rows]


def detected(leg_sid, by):
    """The callback of asynchronous answering machine detection: it names the leg only."""
    return {"CallSid": leg_sid, "AccountSid": ACCOUNT, "AnsweredBy": by, "MachineDetectionDuration": "3100"}


def ended(call_sid, seconds=40):
    return "voice", call(call_sid, "completed", CallDuration=seconds, Timestamp=after(seconds))


def test_a_voicemail_that_is_ready_after_the_end(source):
    one = sid()
    send_all(source, [
        ("incoming", call(one, "ringing")),
        ("dial", call(one, "in-progress", DialCallSid=sid(), DialCallStatus="no-answer")),
        ended(one),
    ])  # fmt: skip
    assert told(one) == ["pre_call"], "the recording may be on its way"
    send(source, "recording", recording(one, RecordingSource="RecordVerb"))
    let_settle()
    assert told(one) == ["pre_call", "post_call:voicemail"]


def test_a_parent_that_ends_before_its_leg(source):
    one, other = sid(), sid()
    send_all(source, [
        ("incoming", call(one, "ringing")),
        ended(one),
        ("voice", leg(one, other, "completed", CallDuration=30, Timestamp=after(39))),
        ("recording", recording(one)),
    ])  # fmt: skip
    assert told(one) == ["pre_call", "post_call:answered"]


def test_a_recording_of_a_dial_without_callbacks_of_its_leg(source):
    one = sid()
    send_all(source, [
        ("incoming", call(one, "ringing")),
        ended(one, 66),
        ("recording", recording(one, RecordingDuration=60)),
    ])  # fmt: skip
    let_settle()
    assert told(one) == ["pre_call", "post_call:answered"]


def test_a_correction_after_the_end_of_a_call_that_expects_nothing(source):
    source.company.recording_expected = False
    source.company.save()
    one, other = sid(), sid()
    send_all(source, [
        ("incoming", call(one, "ringing")),
        ("voice", leg(one, other, "in-progress", Timestamp=after(5))),
        ended(one),
        ("dial", call(one, "completed", DialCallSid=other, DialCallStatus="completed", DialCallDuration=8,
                      DialBridged="false")),
    ])  # fmt: skip
    assert "post_call" not in str(told(one))
    let_settle()
    assert told(one) == ["pre_call", "call_routing_complete", "post_call:missed"]
    let_settle()
    assert len(told(one)) == 3


def test_an_api_call_that_expects_nothing_is_told_at_once(source):
    found = factories.make_call(source.company, start_time=T0, ended_at=T0 + timedelta(seconds=9))
    assert Event.objects.filter(subject_id=found.resource_id, type="post_call").exists()


@pytest.mark.parametrize("late", [True, False], ids=["after the leg", "before the leg"])
def test_the_machine_detection_of_a_leg_names_only_the_leg(source, late):
    one, other = sid(), sid()
    machine = ("voice", detected(other, "machine_start"))
    picked_up = ("voice", leg(one, other, "in-progress", Timestamp=after(5)))
    send_all(source, [("incoming", call(one, "ringing")), *([picked_up, machine] if late else [machine, picked_up])])
    assert not Call.objects.get().answered
    send_all(source, [ended(one), ("voice", leg(one, other, "completed", CallDuration=9, Timestamp=after(40)))])
    let_settle()
    assert told(one)[-1] == "post_call:missed"
    assert ProviderCall.objects.get().sid == one, "what waited for the leg is with its call"
    assert ProviderLeg.objects.get().parent_sid == one
    assert not RefusedCallback.objects.exists()


def test_a_leg_s_recording_belongs_to_its_call(source):
    one, other = sid(), sid()
    send(source, "recording", recording(other))
    send(source, "incoming", call(one, "ringing"))
    send(source, "dial", call(one, "in-progress", DialCallSid=other, DialCallStatus="completed", DialCallDuration=9))
    assert Call.objects.get().recording_duration == 12


def test_the_action_of_record_gets_twiml_and_is_a_voicemail(source):
    one = sid()
    send(source, "incoming", call(one, "ringing"))
    url = f"https://api.example.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE{'8' * 32}"
    fields = call(one, "in-progress", RecordingUrl=url, RecordingDuration=11, Digits="#")
    answer = send(source, "dial", fields, query="next=https%3A%2F%2Fexample.com%2Fthanks")
    assert "<Redirect" in answer.content.decode()
    assert Call.objects.get().voicemail
    send_all(source, [ended(one)])
    assert told(one) == ["pre_call", "post_call:voicemail"]


def test_a_talk_in_a_conference(source):
    customer, agent, room = sid(), sid(), sid("CF")
    send(source, "incoming", call(customer, "ringing"))

    def event(name, member, seconds, **more):
        fields = {"ConferenceSid": room, "FriendlyName": "support", "AccountSid": ACCOUNT, "SequenceNumber": "1",
                  "StatusCallbackEvent": name, "CallSid": member, "Timestamp": after(seconds), **more}  # fmt: skip
        assert send(source, "voice", fields).status_code == 204

    event("participant-join", customer, 3, StartConferenceOnEnter="false")
    assert not Call.objects.get().answered
    event("participant-join", agent, 12, StartConferenceOnEnter="true")
    found = Call.objects.get()
    assert found.answered_at == T0 + timedelta(seconds=12)
    event("participant-leave", agent, 35)
    taken = recording("x", RecordingSource="Conference", ConferenceSid=room)
    del taken["CallSid"]
    send(source, "recording", taken)
    send_all(source, [ended(customer)])
    assert told(customer) == ["pre_call", "call_routing_complete", "post_call:answered"]
    found.refresh_from_db()
    assert found.recording_duration == 12
    # The agent's side of it, of which nobody else tells, is no call that lacks its parties.
    ProviderCall.objects.update(heard_at=T0 - timedelta(days=1))
    assert refusals.report_incomplete_calls(timedelta(hours=5)) == 0


def test_a_caller_whom_an_agent_takes_out_of_the_queue(source):
    one = sid()
    send(source, "incoming", call(one, "ringing"))
    send(source, "dial", call(one, "in-progress", QueueSid=sid("QU"), QueueTime=9, DequeingCallSid=sid()))
    assert Call.objects.get().answered
    send(source, "dial", call(one, "in-progress", QueueSid=sid("QU"), QueueTime=9, QueueResult="bridged"))
    send_all(source, [ended(one)])
    assert call_type(Call.objects.get()) == "answered"
