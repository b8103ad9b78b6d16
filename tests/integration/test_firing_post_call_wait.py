"""post_call waits for the recording and transcription that the company expects, 20 minutes at most."""

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.events import stream_timers
from subscriptions.models import EventStream
from tests.support.events import bodies_of, changes_of, types_of
from tests.support.factories import make_call, make_company

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

RECORDING = {"recording_url": "https://example.com/1.mp3", "recording_duration": 12}
TRANSCRIPT = {"transcription_text": "Hello."}


def call_that_ended(company=None, *, ago=timedelta(seconds=5), **fields):
    """An answered outbound call, which has no earlier events, that ended that long ago by this machine's clock."""
    ended_at = timezone.now() - ago
    start = ended_at - timedelta(seconds=30)
    usual = {"direction": "outbound", "start_time": start, "answered_at": start, "ended_at": ended_at}
    return make_call(company or make_company(), **{**usual, **fields})


def attach(call, fields):
    for name, value in fields.items():
        setattr(call, name, value)
    call.save()


def wake_at(call):
    return EventStream.objects.get(subject_id=call.resource_id).wake_at


def time_passes(call, settings):
    """As if the wait were over: it becomes shorter than what has passed since the end."""
    settings.POST_CALL_WAIT_SECONDS = 1
    EventStream.objects.filter(subject_id=call.resource_id, wake_at__isnull=False).update(wake_at=timezone.now())


def test_the_wait_is_twenty_minutes(settings):
    assert settings.POST_CALL_WAIT_SECONDS == 1200


def test_it_waits_and_knows_until_when():
    call = call_that_ended()
    assert types_of(call) == []
    assert wake_at(call) == call.ended_at + timedelta(minutes=20)


def test_a_running_call_waits_for_nothing():
    assert wake_at(call_that_ended(ended_at=None)) is None


@pytest.mark.parametrize("order", [(RECORDING, TRANSCRIPT), (TRANSCRIPT, RECORDING)])
def test_it_fires_as_soon_as_both_are_attached(order):
    call = call_that_ended()
    attach(call, order[0])
    assert types_of(call) == []
    attach(call, order[1])
    assert types_of(call) == ["post_call"]
    assert wake_at(call) is None
    (body,) = bodies_of(call, "post_call")
    assert (body["recording_duration"], body["transcription"]) == (12, "Hello.")


def test_what_was_attached_before_the_end_counts():
    call = call_that_ended(ended_at=None, **RECORDING, **TRANSCRIPT)
    assert types_of(call) == []
    call.ended_at = timezone.now()
    call.save()
    assert types_of(call) == ["post_call"]


@pytest.mark.parametrize(
    ("expects", "attached", "fired"),
    [
        ((False, False), {}, ["post_call"]),
        ((True, False), {}, []),
        ((True, False), TRANSCRIPT, []),
        ((True, False), RECORDING, ["post_call"]),
        ((False, True), {}, []),
        ((False, True), RECORDING, []),
        ((False, True), TRANSCRIPT, ["post_call"]),
        ((True, True), RECORDING, []),
        ((True, True), TRANSCRIPT, []),
        ((True, True), RECORDING | TRANSCRIPT, ["post_call"]),
    ],
)
def test_what_the_company_expects(expects, attached, fired):
    company = make_company(recording_expected=expects[0], transcription_expected=expects[1])
    assert types_of(call_that_ended(company, **attached)) == fired


@pytest.mark.parametrize(
    ("fields", "fired"),
    [
        ({"direction": "inbound", "answered_at": None}, ["post_call"]),
        ({"direction": "inbound", "answered_at": None, "abandoned": True}, ["post_call"]),
        ({"direction": "outbound", "answered_at": None, "duration": 0}, ["post_call"]),
        ({"direction": "inbound", "answered_at": None, "voicemail": True}, []),
        ({"direction": "inbound"}, []),
        ({"direction": "outbound"}, []),
    ],
)
def test_a_call_with_nothing_to_record_does_not_wait(fields, fired):
    assert types_of(call_that_ended(**fields)) == fired


def test_when_the_time_is_over_it_fires_with_what_there_is(settings):
    call = call_that_ended()
    attach(call, TRANSCRIPT)
    assert stream_timers.publish_due() == 0
    assert types_of(call) == []
    time_passes(call, settings)
    assert stream_timers.publish_due() == 1
    assert types_of(call) == ["post_call"]
    (body,) = bodies_of(call, "post_call")
    assert (body["recording"], body["recording_duration"], body["transcription"]) == ("", "", "Hello.")
    assert stream_timers.publish_due() == 0
    assert types_of(call) == ["post_call"]


def test_a_call_that_ended_longer_ago_does_not_wait_at_all():
    assert types_of(call_that_ended(ago=timedelta(minutes=20, seconds=1))) == ["post_call"]
    assert types_of(call_that_ended(ago=timedelta(minutes=19))) == []


def test_the_wait_is_a_setting(settings):
    settings.POST_CALL_WAIT_SECONDS = 0
    assert types_of(call_that_ended()) == ["post_call"]
    settings.POST_CALL_WAIT_SECONDS = 60
    call = call_that_ended()
    assert wake_at(call) == call.ended_at + timedelta(seconds=60)


def test_saves_while_waiting_do_not_prolong_it():
    call = call_that_ended()
    until = wake_at(call)
    attach(call, {"note": "still waiting"})
    assert wake_at(call) == until


def test_a_corrected_end_moves_the_wait():
    call = call_that_ended()
    call.ended_at -= timedelta(seconds=20)
    call.save()
    assert wake_at(call) == call.ended_at + timedelta(minutes=20)
    call.ended_at = None
    call.save()
    assert wake_at(call) is None
    assert types_of(call) == []


def test_an_end_in_the_future_waits_no_longer_than_the_setting(settings):
    """A provider's clock that runs ahead: 20 minutes after it was told at the latest."""
    before = timezone.now()
    call = call_that_ended(ago=timedelta(hours=-3))
    until = wake_at(call)
    assert before + timedelta(minutes=20) <= until <= timezone.now() + timedelta(minutes=20)
    attach(call, {"note": "still waiting"})
    assert wake_at(call) == until
    time_passes(call, settings)
    stream_timers.publish_due()
    assert types_of(call) == ["post_call"]


def test_what_comes_after_the_wait_is_a_call_modified(settings):
    call = call_that_ended()
    time_passes(call, settings)
    stream_timers.publish_due()
    attach(call, RECORDING)
    attach(call, TRANSCRIPT)
    assert types_of(call) == ["post_call", "call_modified", "call_modified"]
    assert changes_of(call) == [["recording_duration"], ["transcription_text"]]
    assert f"/calls/{call.resource_id}/recording/redirect?" in bodies_of(call, "call_modified")[0]["recording"]


def test_what_changes_during_the_wait_is_part_of_post_call(settings):
    call = call_that_ended()
    attach(call, {"note": "during the wait", "value": 5})
    time_passes(call, settings)
    stream_timers.publish_due()
    assert types_of(call) == ["post_call"]
    (body,) = bodies_of(call, "post_call")
    assert (body["note"], body["value"]) == ("during the wait", "5.00")


def test_a_deleted_call_keeps_no_other_waiting(settings):
    call = call_that_ended()
    time_passes(call, settings)
    call.delete()
    stream_timers.publish_due()
    assert stream_timers.publish_due() == 0
