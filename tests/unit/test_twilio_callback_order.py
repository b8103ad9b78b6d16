"""What callbacks told of a call does not depend on the order they came in, nor on how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callhooks_site.intake.providers import callback_facts, fact_merging
from callhooks_site.intake.providers.call_state import build_call_fields
from callhooks_site.intake.providers.callback_request import CallbackParams, Malformed
from tests.support.twilio import BUSINESS, TRACKING, at, call, leg, recording

T0 = datetime(2026, 3, 2, 18, 41, tzinfo=UTC)
LEG = "CA" + "f" * 32


def told(fields, seconds):
    return callback_facts.extract_facts(CallbackParams(fields), T0 + timedelta(seconds=seconds))


def after(seconds):
    return at(T0 + timedelta(seconds=seconds))


LIFE = [
    told(call("CA1", "ringing"), 0),
    told(call("CA1", "in-progress", Timestamp=after(1), SequenceNumber=1), 3),
    told(leg("CA1", LEG, "initiated", Timestamp=after(1)), 4),
    told(leg("CA1", LEG, "ringing", Timestamp=after(2)), 5),
    told(leg("CA1", LEG, "in-progress", Timestamp=after(6)), 5),
    told(leg("CA1", LEG, "completed", Timestamp=after(30), CallDuration=24), 31),
    told(call("CA1", "in-progress", DialCallSid=LEG, DialCallStatus="completed", DialCallDuration=24), 31),
    told(call("CA1", "completed", Timestamp=after(31), CallDuration=30), 32),
    told(recording("CA1"), 40),
    told(recording("CA1", RecordingDuration=3), 41),
]


def shown(facts):
    return build_call_fields(facts, is_tracking=lambda phone: phone == TRACKING, region="US")


@given(st.lists(st.sampled_from(LIFE), max_size=14), st.randoms(use_true_random=False), st.integers(0, 14))
def test_in_any_order_doubled_in_any_parts(came, chance, cut):
    whole = fact_merging.merge_facts(came)
    shuffled = [*came, *came[:cut]]
    chance.shuffle(shuffled)
    one, other = fact_merging.merge_facts(shuffled[:cut]), fact_merging.merge_facts(shuffled[cut:])
    assert fact_merging.merge_facts([one, other]) == fact_merging.merge_facts([other, one]) == whole
    assert fact_merging.merge_facts([whole, whole]) == whole


@given(st.lists(st.sampled_from(LIFE), max_size=14))
def test_more_that_is_told_never_undoes_what_was_known(came):
    """An answered call stays answered, an ended one ended, whatever comes after."""
    before = None
    for number in range(1, len(came) + 1):
        now = shown(fact_merging.merge_facts(came[:number]))
        if before is not None:
            assert now is not None
            assert set(before) <= set(now)
            answered_at = now["answered_at"] or now["start_time"]
            assert now["start_time"] <= answered_at <= now.get("ended_at", datetime.max.replace(tzinfo=UTC))
            assert before["answered_at"] is None or now["answered_at"] is not None
        before = now


def test_all_of_a_life():
    fields = shown(fact_merging.merge_facts(LIFE))
    assert fields["direction"] == "inbound"
    assert fields["business_phone_number"] == BUSINESS
    assert fields["start_time"] == T0
    assert fields["answered_at"] == fields["routed_at"] == T0 + timedelta(seconds=6)
    assert (fields["ended_at"], fields["duration"]) == (T0 + timedelta(seconds=31), 30)
    assert fields["recording_duration"] == 12, "the longest"
    assert fields["voicemail"] is False


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"CallSid": "CA1"},
        {"CallSid": "CA1", "CallStatus": "sleeping"},
        {"CallSid": "x" * 65, "CallStatus": "ringing"},
        {"MessageStatus": "sent"},
    ],
)
def test_what_makes_no_sense_is_said(fields):
    def read():
        callback_facts.call_sid(CallbackParams(fields))
        callback_facts.extract_facts(CallbackParams(fields), T0)

    with pytest.raises(Malformed):
        read()


@given(st.dictionaries(st.sampled_from([*call("CA1", "x"), *recording("CA1"), "TranscriptionEvent", "TranscriptionData",
                                        "SequenceId", "Timestamp", "DialCallStatus", "CallDuration", "ParentCallSid"]),
                       st.text(max_size=30)))  # fmt: skip
def test_nothing_that_comes_breaks_it(fields):
    try:
        sid = callback_facts.call_sid(CallbackParams(fields))
        facts = callback_facts.extract_facts(CallbackParams(fields), T0)
    except Malformed:
        return
    assert sid
    shown(fact_merging.merge_facts([facts, LIFE[0]]))
