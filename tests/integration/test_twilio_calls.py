"""Twilio's callbacks become calls, and the calls' events fire by the contract."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from callhooks_site.intake.providers import tasks
from callhooks_site.intake.providers.models import IngestSource, ProviderCall, RefusedCallback
from calls.models import Call
from subscriptions.models import Event
from tests.support.threads import at_once
from tests.support.twilio import (
    ACCOUNT,
    BUSINESS,
    CUSTOMER,
    TRACKING,
    at,
    call,
    leg,
    let_settle,
    make_source,
    make_tracked_source,
    recording,
    send,
    send_all,
    sid,
)
from tests.support.waiting import lock_waiters, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

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


def events(call_sid):
    found = Call.objects.get(external_id=call_sid)
    return list(Event.objects.filter(subject_id=found.resource_id).order_by("sequence").values_list("type", flat=True))


def test_an_answered_call_from_ring_to_transcription(source):
    one, other = sid(), sid()
    answer = send(
        source, "incoming", call(one, "ringing", CallerName="ANN EXAMPLE"), query="next=https%3A%2F%2Fexample.com%2Fv"
    )
    assert answer.status_code == 200
    assert '<Redirect method="POST">https://example.com/v</Redirect>' in answer.content.decode()
    assert events(one) == ["pre_call"]
    send(source, "voice", call(one, "in-progress", Timestamp=after(1), SequenceNumber=1))
    send(source, "voice", leg(one, other, "ringing", Timestamp=after(2), SequenceNumber=1))
    assert events(one) == ["pre_call"], "TwiML answers at once: that nobody has picked up yet is no news"
    send(source, "voice", leg(one, other, "in-progress", Timestamp=after(6), SequenceNumber=2))
    assert events(one) == ["pre_call", "call_routing_complete"]
    answer = send(
        source, "dial", call(one, "in-progress", DialCallSid=other, DialCallStatus="completed", DialCallDuration=30)
    )
    assert "<Response></Response>" in answer.content.decode()
    assert Call.objects.get().ended_at is None
    send(source, "voice", call(one, "completed", CallDuration=38, Duration=1, Timestamp=after(38), SequenceNumber=2))
    assert events(one)[-1] == "call_routing_complete", "it waits for its recording"
    send(source, "recording", recording(one, RecordingDuration=31))
    found = Call.objects.get()
    assert (found.customer_phone_number, found.business_phone_number) == (CUSTOMER, BUSINESS)
    assert (found.customer_name, found.customer_city, found.customer_state) == ("ANN EXAMPLE", "DALLAS", "TX")
    assert (found.answered_at, found.ended_at) == (T0 + timedelta(seconds=6), T0 + timedelta(seconds=38))
    assert found.duration == 38, "CallDuration is seconds; Duration is billed minutes"
    assert found.recording_url.endswith(".mp3")
    assert found.recording_duration == 31
    said = {"AccountSid": call(one, "x")["AccountSid"], "CallSid": one}
    live = {**said, "TranscriptionSid": sid("GT"), "Timestamp": (T0 + timedelta(seconds=8)).isoformat()}
    for number, text in enumerate(["Hello.", "My roof leaks."], start=1):
        data = json.dumps({"transcript": text, "confidence": 0.9})
        spoken = {"SequenceId": str(number), "Final": "true", "Track": "inbound_track", "TranscriptionData": data}
        send(source, "transcription", {**live, "TranscriptionEvent": "transcription-content", **spoken})
    send(source, "transcription", {**live, "TranscriptionEvent": "transcription-stopped"})
    found.refresh_from_db()
    assert found.transcription_text == "Customer: Hello.\nCustomer: My roof leaks."
    assert found.conversational_transcript[0] == {"speaker": "Customer", "phrase": "Hello.", "start": 8}
    assert events(one).count("post_call") == 1
    source.refresh_from_db()
    assert source.received == 10
    assert source.last_received_at is not None
    assert not RefusedCallback.objects.exists()


def test_a_missed_call_is_dialled_through_when_there_is_no_other_twiml(source):
    one, other = sid(), sid()
    twiml = send(source, "incoming", call(one, "ringing")).content.decode()
    assert f">{BUSINESS}</Number>" in twiml
    assert source.public_key in twiml
    send_all(source, [
        ("voice", leg(one, other, "initiated", Timestamp=after(1))),
        ("voice", leg(one, other, "no-answer", Timestamp=after(25))),
        ("dial", call(one, "in-progress", DialCallSid=other, DialCallStatus="no-answer")),
        ("voice", call(one, "completed", CallDuration=26, Timestamp=after(26))),
    ])  # fmt: skip
    let_settle()
    assert events(one) == ["pre_call", "post_call"]
    assert not Call.objects.get().answered


def test_a_message_after_nobody_answered_is_a_voicemail(source):
    one = sid()
    send_all(source, [
        ("incoming", call(one, "ringing")),
        ("dial", call(one, "in-progress", DialCallStatus="busy")),
        ("recording", recording(one, RecordingSource="RecordVerb")),
        ("voice", call(one, "completed", CallDuration=40)),
    ])  # fmt: skip
    transcribed = {**call(one, "completed"), "TranscriptionSid": sid("TR"), "TranscriptionStatus": "completed"}
    send(source, "transcription", {**transcribed, "TranscriptionText": "Please call back."})
    found = Call.objects.get()
    assert found.voicemail
    assert found.transcription_text == "Please call back."
    assert events(one) == ["pre_call", "post_call", "call_modified"]


def test_how_the_dialling_ended_tells_that_somebody_answered_though_the_leg_was_lost(source):
    one = sid()
    send_all(source, [
        ("voice", call(one, "ringing", Timestamp=after(0))),
        ("dial", call(one, "in-progress", DialCallSid=sid(), DialCallStatus="completed", DialCallDuration=20)),
        ("voice", call(one, "completed", CallDuration=25, Timestamp=after(25))),
    ])  # fmt: skip
    assert events(one)[:2] == ["pre_call", "call_routing_complete"]
    assert Call.objects.get().answered


def test_what_comes_late_moves_nothing_back(source):
    one, other = sid(), sid()
    send(source, "voice", leg(one, other, "completed", CallDuration=20, Timestamp=after(25)))
    assert not Call.objects.exists(), "nothing says yet who called whom"
    send(source, "voice", call(one, "completed", CallDuration=27, Timestamp=after(27), SequenceNumber=3))
    send(source, "voice", call(one, "in-progress", Timestamp=after(1), SequenceNumber=1))
    send(source, "voice", call(one, "ringing", Timestamp=after(0), SequenceNumber=0))
    found = Call.objects.get()
    assert (found.start_time, found.answered_at) == (T0, T0 + timedelta(seconds=5))
    assert found.ended_at == T0 + timedelta(seconds=27)
    send(source, "recording", recording(one))
    assert events(one) == ["post_call"], "what comes before in a call's life is never told after"


def test_what_people_have_corrected_stays(source):
    one = sid()
    send(source, "voice", call(one, "ringing", CallerName="DALLAS TX"))
    Call.objects.update(customer_name="Ann Example")
    send(source, "voice", call(one, "completed", CallDuration=5, CallerName="DALLAS TX"))
    assert Call.objects.get().customer_name == "Ann Example"


@pytest.mark.parametrize("withheld", ["Anonymous", "+266696687", "266696687", "RESTRICTED", "", "sip:x@example.com"])
def test_a_withheld_caller_has_no_number(source, withheld):
    send(source, "voice", call(sid(), "ringing", From=withheld))
    assert Call.objects.get().customer_phone_number == ""
    assert ProviderCall.objects.get().facts["parties"].get("from", "") == withheld


def test_calls_out(source):
    by_program, by_agent, dialled = sid(), sid(), sid()
    out = {"From": TRACKING, "To": CUSTOMER, "Direction": "outbound-api", "ToCity": "DALLAS"}
    send_all(source, [
        ("voice", call(by_program, "initiated", **out, Timestamp=after(0))),
        ("voice", call(by_program, "in-progress", **out, Timestamp=after(4))),
        ("voice", call(by_program, "completed", **out, CallDuration=9, Timestamp=after(13))),
        ("recording", recording(by_program)),
    ])  # fmt: skip
    found = Call.objects.get()
    assert (found.direction, found.customer_phone_number, found.customer_city) == ("outbound", CUSTOMER, "DALLAS")
    assert found.answered_at == T0 + timedelta(seconds=4)
    assert events(by_program) == ["post_call"]
    # An agent's softphone calls in to the account, which dials the customer.
    own = {"From": "client:sam", "To": ""}
    send(source, "voice", call(by_agent, "ringing", **own))
    assert Call.objects.count() == 1
    send(source, "voice", leg(by_agent, dialled, "in-progress", From=TRACKING, To="+12145550124"))
    found = Call.objects.get(external_id=by_agent)
    assert (found.direction, found.customer_phone_number) == ("outbound", "+12145550124")
    assert found.answered
    assert found.tracker.phone_number == TRACKING


def test_callbacks_of_one_call_at_the_same_moment(source):
    """Two workers, the same call: neither makes a second call, neither forgets what the other was told."""
    for _ in range(4):
        one, other = sid(), sid()
        both = [call(one, "ringing", Timestamp=after(0)), leg(one, other, "in-progress", Timestamp=after(5)),
                call(one, "ringing", Timestamp=after(0)), call(one, "completed", CallDuration=9)]  # fmt: skip
        answers = at_once([partial(send, source, "voice", fields) for fields in both])
        assert [answer.status_code for answer in answers] == [204] * 4
        found = Call.objects.get(external_id=one)
        assert found.answered
        assert found.ended_at
        told = events(one)
        assert len(told) == len(set(told))


def test_who_comes_second_waits_for_what_the_first_is_told(source):
    one = sid()
    send(source, "voice", call(one, "ringing", Timestamp=after(0)))
    held, first_waits = threading.Event(), threading.Event()

    def hold_the_call():
        with transaction.atomic():
            Call.objects.select_for_update().get()
            held.set()
            wait_until(lambda: lock_waiters() == 1)
            first_waits.set()
            wait_until(lambda: lock_waiters() == 2)

    def first():
        assert held.wait(120)
        send(source, "voice", leg(one, sid(), "in-progress", Timestamp=after(5)))

    def second():
        assert first_waits.wait(120)
        send(source, "voice", call(one, "completed", CallDuration=9, Timestamp=after(9)))

    at_once([hold_the_call, first, second], seconds=60)
    found = Call.objects.get()
    assert found.answered
    assert found.ended_at
    assert set(ProviderCall.objects.get().facts) >= {"legs", "seconds"}
    assert events(one)[:2] == ["pre_call", "call_routing_complete"]


def test_signalwire_has_its_own_header(source):
    other = make_source(
        source.company, provider=IngestSource.Provider.SIGNALWIRE, account_sid="5d1f2c3a-0000-4000-8000-1234567890ab"
    )
    fields = {**call("0d1f2c3a-0000-4000-8000-1234567890ab", "ringing"), "AccountSid": other.account_sid}
    assert send(other, "voice", fields, header="X-SignalWire-Signature").status_code == 204
    assert Call.objects.get().external_source == "signalwire"
    ended = {**fields, "CallStatus": "completed", "CallDuration": "30", "Timestamp": after(-3600)}
    send(other, "voice", ended, header="X-SignalWire-Signature")
    found = Call.objects.get()
    assert timezone.now() - found.ended_at < timedelta(minutes=1), "its Timestamp is when the call was made"
    assert send(source, "voice", call(sid(), "ringing"), header="X-SignalWire-Signature").status_code == 403


def test_a_transcription_whose_end_was_lost_is_taken_as_far_as_it_came(source):
    one = sid()
    send(source, "voice", call(one, "ringing"))
    spoken = {"TranscriptionSid": sid("GT"), "TranscriptionEvent": "transcription-content", "SequenceId": "1",
              "TranscriptionData": '{"transcript": "Hello."}', "AccountSid": ACCOUNT, "CallSid": one}  # fmt: skip
    send(source, "transcription", {**spoken, "Final": "false", "SequenceId": "0"})
    send(source, "transcription", spoken)
    send(source, "voice", call(one, "completed", CallDuration=5))
    tasks.finish_incomplete_calls()
    assert Call.objects.get().transcription_text == "", "its end may still come"
    ProviderCall.objects.update(heard_at=timezone.now() - tasks.END_LOST_AFTER - timedelta(seconds=1))
    tasks.finish_incomplete_calls()
    assert Call.objects.get().transcription_text == "Speaker: Hello."


def test_a_leg_s_callback_and_its_call_s_at_the_same_moment(source):
    """The machine detection names only the leg; whose leg it is, another callback says meanwhile."""
    for _ in range(4):
        one, other = sid(), sid()
        send(source, "voice", call(one, "ringing", Timestamp=after(0)))
        detected = {"CallSid": other, "AccountSid": ACCOUNT, "AnsweredBy": "machine_start"}
        both = [leg(one, other, "in-progress", Timestamp=after(5)), detected, detected]
        answers = at_once([partial(send, source, "voice", fields) for fields in both])
        assert [answer.status_code for answer in answers] == [204] * 3
        assert not Call.objects.get(external_id=one).answered
        assert list(ProviderCall.objects.filter(sid__in=[one, other]).values_list("sid", flat=True)) == [one]
