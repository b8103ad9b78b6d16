"""A call that was loaded long ago and is saved now: it writes only what was changed in it, fires nothing twice and
forgets nothing that was told."""

from datetime import timedelta

import pytest

from calls.models import Call
from subscriptions.models import EventStream
from tests.support.events import bodies_of, changes_of, events_of, types_of
from tests.support.factories import START, make_call, make_company

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

LATER = START + timedelta(seconds=15)
LIFE = ["pre_call", "call_routing_complete", "post_call"]


@pytest.fixture
def company():
    return make_company(recording_expected=False, transcription_expected=False)


def copy_of(call):
    return Call.objects.get(pk=call.pk)


def change(call, **fields):
    for name, value in fields.items():
        setattr(call, name, value)
    call.save()


def test_a_copy_from_each_moment_of_its_life_fires_nothing_again(company):
    call = make_call(company, start_time=START)
    copies = [copy_of(call)]
    change(call, answered_at=START)
    copies.append(copy_of(call))
    change(call, ended_at=LATER)
    copies.append(copy_of(call))
    for copy in [*copies, *reversed(copies)]:
        copy.save()
    assert types_of(call) == LIFE


def test_a_copy_from_before_the_end_ends_it_again(company):
    call = make_call(company, start_time=START)
    copy = copy_of(call)
    change(call, answered_at=START, ended_at=LATER)
    change(copy, answered_at=START, ended_at=LATER)
    assert types_of(call) == ["pre_call", "post_call"]


def test_a_copy_that_still_rings_lets_the_call_go_on(company):
    call = make_call(company, start_time=START)
    copy = copy_of(call)
    change(call, answered_at=START)
    copy.save()
    change(call, ended_at=LATER)
    assert types_of(call) == LIFE


def test_a_copy_from_before_the_end_does_not_take_the_end_back(company, settings):
    settings.POST_CALL_WAIT_SECONDS = 10**9
    company.recording_expected = True
    company.save()
    call = make_call(company, start_time=START)
    copy = copy_of(call)
    change(call, answered_at=START, ended_at=LATER)  # waits for its recording
    change(copy, note="new")
    assert Call.objects.get().ended_at == LATER
    assert Call.objects.get().note == "new"
    assert EventStream.objects.get(subject_id=call.resource_id).wake_at is not None


def test_a_list_changed_in_place_is_a_change(company):
    call = copy_of(make_call(company, start_time=START))
    call.keypad_entries.append("1")
    call.save()
    assert Call.objects.get().keypad_entries == ["1"]


def test_a_corrected_number_is_another_person(company):
    call = make_call(company, start_time=START, customer_phone_number="+12145550123")
    first = call.person_id
    change(call, customer_phone_number="+12145550124")
    assert Call.objects.get().person.phone == "+12145550124"
    change(call, customer_phone_number="+12145550123")
    assert Call.objects.get().person_id == first
    change(call, customer_phone_number="")
    assert Call.objects.get().person is None


def test_a_copy_does_not_write_old_values_back(company):
    call = make_call(company, start_time=START, ended_at=LATER)
    copy = copy_of(call)
    change(call, note="new", value=5)
    copy.save()
    assert types_of(call) == ["post_call", "call_modified"]
    assert changes_of(call) == [["note", "value"]]
    assert Call.objects.get().note == "new"


def test_a_copy_that_writes_only_its_field_changes_nothing_else(company):
    call = make_call(company, start_time=START, ended_at=LATER)
    copy = copy_of(call)
    change(call, note="new")
    copy.value = 5
    copy.save(update_fields=["value"])
    assert changes_of(call) == [["note"], ["value"]]
    assert bodies_of(call, "call_modified")[-1]["note"] == "new"


def test_what_was_told_is_kept(company):
    call = make_call(company, start_time=START)
    copy = copy_of(call)
    change(call, answered_at=START, ended_at=LATER)
    change(call, note="new")
    before = EventStream.objects.values("fired", "last_sequence").get(subject_id=call.resource_id)
    change(copy, note="new")
    assert EventStream.objects.values("fired", "last_sequence").get(subject_id=call.resource_id) == before


def test_sequences_go_on(company):
    call = make_call(company, start_time=START)
    copies = [copy_of(call) for _ in range(3)]
    change(call, ended_at=LATER)
    for number, copy in enumerate(copies):
        change(copy, note=f"{number}")
    assert [event.sequence for event in events_of(call)] == [1, 2, 3, 4, 5]
