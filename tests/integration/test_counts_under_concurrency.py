"""Counts and once-ness when many things happen to one person or one call at the same moment, in real transactions of
several connections."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from calls import bulk
from calls.models import Call, Person, Tag
from subscriptions.events import stream_timers
from subscriptions.models import Event, EventStream
from tests.support.events import bodies_of, changes_of, events_of, types_of
from tests.support.factories import START, ended_call, make_call, make_company, make_form, make_tracker
from tests.support.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

THREADS = 6


@pytest.fixture
def company():
    return make_company(recording_expected=False, transcription_expected=False)


@pytest.fixture
def tracker(company):
    return make_tracker(company)


def pre_call(call):
    (body,) = bodies_of(call, "pre_call")
    return body


def test_calls_of_one_person_at_the_same_moment_count_each_other(company, tracker):
    def several():
        return [make_call(company, tracker, start_time=START) for _ in range(4)]

    calls = [call for made in at_once([several] * THREADS) for call in made]
    bodies = [pre_call(call) for call in calls]
    assert sorted(body["prior_calls"] for body in bodies) == list(range(4 * THREADS))
    assert all(body["total_calls"] == body["prior_calls"] + 1 for body in bodies)
    assert [body["first_call"] for body in bodies].count(True) == 1
    assert all(body["first_call"] is (body["prior_calls"] == 0) for body in bodies)
    assert Person.objects.count() == 1


def test_calls_count_per_person_and_company(company, tracker):
    other = make_company("Other")
    other_tracker = make_tracker(other)
    people = ["+12145550101", "+12145550102"]
    made = at_once(
        [
            partial(make_call, at, number, start_time=START, customer_phone_number=person)
            for at, number in ((company, tracker), (other, other_tracker))
            for person in people
            for _ in range(3)
        ]
    )
    counts = Counter((call.company_id, call.customer_phone_number, pre_call(call)["prior_calls"]) for call in made)
    assert set(counts) == {(at.pk, person, n) for at in (company, other) for person in people for n in range(3)}
    assert set(counts.values()) == {1}


def test_a_bulk_import_and_single_calls_count_each_other(company, tracker):
    def single():
        return [make_call(company, tracker, start_time=START).resource_id for _ in range(5)]

    def imported():
        calls = [
            Call(company=company, tracker=tracker, customer_phone_number="+12145550123", start_time=START)
            for _ in range(5)
        ]
        bulk.create_calls(calls, publish=True)
        return [call.resource_id for call in calls]

    at_once([single, imported, single, imported])
    priors = [pre_call(call)["prior_calls"] for call in Call.objects.all()]
    assert sorted(priors) == list(range(20))


def test_the_first_form_is_one(company):
    forms = at_once([partial(make_form, company, form_data={"email": "Ann@example.com"})] * THREADS)
    assert [bodies_of(form, "form_submission")[0]["first_form"] for form in forms].count(True) == 1
    assert len({bodies_of(form, "form_submission")[0]["person_resource_id"] for form in forms}) == 1


@pytest.mark.parametrize(
    "at_the_same_moment",
    [
        [{"email": "ann@example.com"}, {"email": "ann@example.com", "phone": "+12145550101"}],
        [{"email": "ann@example.com", "phone": f"+121455501{number:02}"} for number in range(4)],
        [{"email": f"ann{number}@example.com", "phone": "+12145550101"} for number in range(4)],
    ],
)
def test_forms_that_share_a_number_or_an_address_at_the_same_moment_all_come_in(company, at_the_same_moment):
    forms = at_once([partial(make_form, company, form_data=data) for data in at_the_same_moment * 2])
    for form in forms:
        (body,) = bodies_of(form, "form_submission")
        assert body["person_resource_id"] is not None
    firsts = {body["person_resource_id"] for form in forms for body in bodies_of(form, "form_submission")}
    told_first = [form for form in forms if bodies_of(form, "form_submission")[0]["first_form"]]
    assert len(told_first) == len(firsts), "each person has one first form"


def test_the_good_lead_is_the_earliest_of_those_marked_at_the_same_moment(company, tracker):
    calls = [ended_call(company, tracker, start_time=START + timedelta(hours=hour)) for hour in range(THREADS)]

    def mark(call):
        call.lead_status = "good_lead"
        call.save(update_fields=["lead_status"])

    at_once([partial(mark, call) for call in calls])
    last = ended_call(company, tracker, start_time=START + timedelta(days=1))
    (body,) = bodies_of(last, "post_call")
    assert body["good_lead_call_id"] == calls[0].pk
    assert body["good_lead_call_time"] == "2026-03-02T13:41:00.236-05:00"
    assert (body["lead_status"], body["score"]) == ("previously_marked_good_lead", 1)


def test_only_an_earlier_good_lead_counts(company, tracker):
    later = ended_call(company, tracker, start_time=START + timedelta(hours=1), lead_status="good_lead")
    earlier = ended_call(company, tracker, start_time=START)
    (body,) = bodies_of(earlier, "post_call")
    assert (body["good_lead_call_id"], body["good_lead_call_time"], body["lead_status"]) == ("", "", "")
    assert bodies_of(later, "post_call")[0]["good_lead_call_id"] == ""


def test_one_end_saved_by_many_is_one_post_call(company, tracker):
    call = make_call(company, tracker, start_time=START)

    def end():
        copy = Call.objects.get(pk=call.pk)
        copy.answered_at, copy.ended_at = START, START + timedelta(seconds=9)
        copy.save()

    at_once([end] * THREADS)
    assert types_of(call).count("post_call") == 1
    assert "call_modified" not in types_of(call)


def test_the_end_of_the_wait_and_the_recording_at_the_same_moment(settings):
    """Both would fire post_call; one does, and if the recording came second it is a call_modified."""
    settings.POST_CALL_WAIT_SECONDS = 3600
    company = make_company(transcription_expected=False)
    calls = [
        ended_call(company, make_tracker(company), start_time=START, recording_url="", recording_duration=None)
        for _ in range(5)
    ]
    assert [types_of(call) for call in calls] == [["post_call"]] * 5, "they ended long ago"
    Event.objects.all().delete()
    EventStream.objects.update(fired=[], last_sequence=0, wake_at=START)

    def attach():
        for call in calls:
            call.recording_url, call.recording_duration = "https://example.com/1.mp3", 13
            call.save()

    at_once([stream_timers.publish_due, attach, stream_timers.publish_due])
    for call in calls:
        recorded = bodies_of(call, "post_call")[0]["recording_duration"] == 13
        assert types_of(call) == ["post_call"] if recorded else ["post_call", "call_modified"]
        assert changes_of(call) == [] if recorded else [["recording_duration"]]


def test_different_fields_of_one_call_by_two(company, tracker):
    call = ended_call(company, tracker)

    def write(name, values):
        for value in values:
            copy = Call.objects.get(pk=call.pk)
            setattr(copy, name, value)
            copy.save(update_fields=[name])

    at_once([partial(write, "note", "abcdef"), partial(write, "value", [1, 2, 3, 4, 5, 6])])
    told = changes_of(call)
    assert sorted(told) == [["note"]] * 6 + [["value"]] * 6
    last = bodies_of(call, "call_modified")[-1]
    assert (last["note"], last["value"]) == ("f", "6.00")


def test_tags_and_fields_at_the_same_moment(company, tracker):
    call = ended_call(company, tracker)
    tags = [Tag.objects.create(company=company, name=f"T{number}") for number in range(5)]

    def put_on():
        for tag in tags:
            call.tags.add(tag)

    def note():
        for text in "abcde":
            Call.objects.filter(pk=call.pk).first().save()
            copy = Call.objects.get(pk=call.pk)
            copy.note = text
            copy.save(update_fields=["note"])

    def from_the_tags_side():
        for tag in tags:
            tag.calls.add(call)

    at_once([put_on, note, from_the_tags_side])
    last = bodies_of(call, "call_modified")[-1]
    assert (last["note"], last["tags"]) == ("e", ["T0", "T1", "T2", "T3", "T4"])
    assert [set(names) <= {"tags", "note"} for names in changes_of(call)]


def test_sequences_have_no_gaps_and_no_twins(company, tracker):
    calls = [make_call(company, tracker, start_time=START) for _ in range(3)]

    def live(name):
        for text in ("1", "2", "3"):
            for call in calls:
                with transaction.atomic():
                    copy = Call.objects.select_for_update(no_key=True).get(pk=call.pk)
                    copy.answered_at, copy.ended_at = START, START + timedelta(seconds=9)
                    setattr(copy, name, text)
                    copy.save()

    at_once([partial(live, name) for name in ("note", "value", "transcription_text", "custom")])
    for call in calls:
        events = events_of(call)
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert [event.type for event in events][:2] == ["pre_call", "post_call"]
        assert {event.type for event in events[2:]} == {"call_modified"}
