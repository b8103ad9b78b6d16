"""pre_call, call_routing_complete and post_call: at their moment, and at most once, whatever is saved how often."""

from datetime import timedelta

import pytest
from django.core import serializers
from django.db import transaction

from calls.bulk import publish_changes
from calls.models import Call
from subscriptions.models import Event, EventStream
from tests.support.events import bodies_of, events_of, types_of
from tests.support.factories import START, ended_call, make_call, make_company

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

LATER = START + timedelta(seconds=15)
WHOLE_LIFE = ["pre_call", "call_routing_complete", "post_call"]


def impatient_company():
    """One that expects neither recordings nor transcriptions."""
    return make_company(recording_expected=False, transcription_expected=False)


def test_a_life_of_three_saves():
    call = make_call(impatient_company(), start_time=START)
    assert types_of(call) == ["pre_call"]
    call.routed_at = call.answered_at = START
    call.save()
    assert types_of(call) == ["pre_call", "call_routing_complete"]
    call.ended_at = LATER
    call.save()
    assert types_of(call) == WHOLE_LIFE


def test_sequences_count_from_one_without_a_gap():
    call = make_call(impatient_company(), start_time=START)
    for change in ({"answered_at": START}, {"ended_at": LATER}, {"note": "a"}, {"note": "b"}):
        Call.objects.filter(pk=call.pk).update(**change)
        publish_changes([call.resource_id])
    events = events_of(call)
    assert [event.type for event in events] == [*WHOLE_LIFE, "call_modified", "call_modified"]
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]


def test_saving_again_and_again_fires_nothing_again():
    call = make_call(impatient_company(), start_time=START)
    for change in ({}, {"answered_at": START}, {"ended_at": LATER}):
        for name, value in change.items():
            setattr(call, name, value)
        for _ in range(2):
            call.save()
            Call.objects.get(pk=call.pk).save()
            call.save(update_fields=["customer_name"])
            publish_changes([call.resource_id])
            with transaction.atomic():
                call.save()
                call.save()
    assert types_of(call) == WHOLE_LIFE


@pytest.mark.parametrize("change", [{"routed_at": START}, {"answered_at": START}, {"ended_at": LATER}])
def test_going_back_fires_nothing_again(change):
    call = make_call(impatient_company(), start_time=START)
    for _ in range(2):
        for name, value in change.items():
            setattr(call, name, value)
        call.save()
        fired = types_of(call)
        for name in change:
            setattr(call, name, None)
        call.save()
    assert types_of(call) == fired
    assert fired[0] == "pre_call"
    assert len(fired) == 2


def test_a_call_that_comes_routed_has_no_pre_call_even_if_it_rings_again():
    call = make_call(make_company(), routed_at=START, start_time=START)
    call.routed_at = None
    call.save()
    assert types_of(call) == ["call_routing_complete"]


def test_nothing_that_comes_before_the_end_is_told_after_it():
    call = make_call(impatient_company(), start_time=START, answered_at=START, ended_at=LATER)
    call.ended_at = None  # a correction: it runs after all
    call.save()
    call.answered_at = None
    call.save()
    assert types_of(call) == ["post_call"]


@pytest.mark.parametrize(
    ("fields", "fired"),
    [
        ({}, ["pre_call"]),
        ({"routed_at": START}, ["call_routing_complete"]),
        ({"answered_at": START}, ["call_routing_complete"]),
        ({"routed_at": START, "answered_at": START}, ["call_routing_complete"]),
        ({"ended_at": LATER}, ["post_call"]),
        ({"answered_at": START, "ended_at": LATER}, ["post_call"]),
        ({"voicemail": True}, []),
        ({"voicemail": True, "ended_at": LATER}, ["post_call"]),
        ({"direction": "outbound"}, []),
        ({"direction": "outbound", "answered_at": START}, []),
        ({"direction": "outbound", "ended_at": LATER}, ["post_call"]),
    ],
)
def test_what_a_call_fires_when_it_is_first_saved(fields, fired):
    assert types_of(make_call(impatient_company(), start_time=START, **fields)) == fired


def test_an_outbound_call_has_a_post_call_and_no_more():
    call = make_call(impatient_company(), start_time=START, direction="outbound")
    call.routed_at = call.answered_at = START
    call.save()
    call.ended_at = LATER
    call.save()
    assert types_of(call) == ["post_call"]


def test_a_whole_life_in_one_transaction():
    with transaction.atomic():
        call = make_call(impatient_company(), start_time=START)
        call.routed_at = START
        call.save()
        call.answered_at, call.ended_at = START, LATER
        call.save()
    assert types_of(call) == WHOLE_LIFE
    assert bodies_of(call, "pre_call")[0]["call_type"] == "missed"
    assert bodies_of(call, "call_routing_complete")[0]["answered"] is False
    assert bodies_of(call, "post_call")[0]["call_type"] == "answered"


def test_a_fixture_tells_nothing():
    call = ended_call(impatient_company())
    text = serializers.serialize("json", [call])
    assert types_of(call) == ["post_call"]
    Event.objects.all().delete()
    EventStream.objects.all().delete()
    Call.objects.all().delete()
    for row in serializers.deserialize("json", text):
        row.save()
    assert types_of(Call.objects.get()) == []


def test_calls_do_not_disturb_each_other():
    company = impatient_company()
    first = make_call(company, start_time=START)
    second = make_call(company, first.tracker, start_time=START)
    first.ended_at = LATER
    first.save()
    assert types_of(first) == ["pre_call", "post_call"]
    assert types_of(second) == ["pre_call"]
    assert [event.sequence for event in events_of(second)] == [1]
