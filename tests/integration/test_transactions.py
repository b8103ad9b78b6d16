"""Transactions: what is rolled back leaves no event; what happens in one is told as one."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from calls.models import Tag
from subscriptions.models import Delivery, Event
from tests.support.events import bodies_of, changes_of, events_of, types_of
from tests.support.factories import START, ended_call, make_call, make_company, make_form, make_subscription, make_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

LATER = START + timedelta(seconds=15)


class Undo(Exception):
    """Rolls a transaction back."""


@pytest.fixture
def company():
    company = make_company(recording_expected=False, transcription_expected=False)
    make_subscription(company)
    return company


@pytest.fixture
def call(company):
    return ended_call(company)


def change(call, **fields):
    for name, value in fields.items():
        setattr(call, name, value)
    call.save()


@transaction.atomic
def work_and_fail(work):
    work()
    raise Undo


def rolled_back(work):
    """Do the work in a transaction (a savepoint, inside another) that an error rolls back."""
    with pytest.raises(Undo):
        work_and_fail(work)


def test_a_rollback_leaves_nothing(company):
    rolled_back(lambda: (make_call(company), make_text(company), make_form(company)))
    assert Event.objects.count() == Delivery.objects.count() == 0


def test_every_event_of_a_commit_has_its_delivery(company):
    with transaction.atomic():
        change(make_call(company, start_time=START), answered_at=START, ended_at=LATER)
        make_text(company)
        make_form(company)
    assert Event.objects.count() == Delivery.objects.count() == 4


@pytest.mark.parametrize(
    "fields", [{"answered_at": START}, {"ended_at": LATER}, {"answered_at": START, "ended_at": LATER}]
)
def test_what_was_rolled_back_fires_when_it_happens_again(company, fields):
    call = make_call(company, start_time=START)
    rolled_back(lambda: change(call, **fields))
    assert types_of(call) == ["pre_call"]
    call.save()
    assert len(types_of(call)) == 2
    assert [event.sequence for event in events_of(call)] == [1, 2]


def test_a_rolled_back_change_is_none(call):
    rolled_back(lambda: change(call, note="x"))
    call.refresh_from_db()
    call.save()
    assert changes_of(call) == []


def test_a_rolled_back_savepoint_leaves_no_event(company):
    with transaction.atomic():
        kept = make_call(company, start_time=START)
        rolled_back(lambda: make_call(company, kept.tracker))
        rolled_back(lambda: change(kept, answered_at=START))
    assert types_of(kept) == ["pre_call"]
    assert Event.objects.count() == Delivery.objects.count() == 1


def test_a_rolled_back_savepoint_takes_its_changes_along(call):
    with transaction.atomic():
        change(call, note="kept")
        rolled_back(lambda: change(call, value=5))
        call.refresh_from_db()
        change(call, recording_duration=14)
    assert changes_of(call) == [["note", "recording_duration"]]
    (body,) = bodies_of(call, "call_modified")
    assert (body["note"], body["value"], body["recording_duration"]) == ("kept", "", 14)
    assert Delivery.objects.filter(event__type="call_modified").count() == 1


def test_only_the_savepoint_changed_something_and_it_is_rolled_back(call):
    with transaction.atomic():
        call.save()
        rolled_back(lambda: change(call, note="x"))
        call.refresh_from_db()
        call.save()
    assert types_of(call) == ["post_call"]
    change(call, note="y")
    assert [event.sequence for event in events_of(call)] == [1, 2]


def test_a_savepoint_that_undid_a_change_is_rolled_back_itself(call):
    """The change was taken back, and then that was: in the end it is there, and told."""
    with transaction.atomic():
        change(call, note="x")
        rolled_back(lambda: change(call, note=""))
    assert changes_of(call) == [["note"]]
    assert bodies_of(call, "call_modified")[0]["note"] == "x"
    assert Delivery.objects.filter(event__type="call_modified").count() == 1


def test_a_released_savepoint_counts(call):
    with transaction.atomic():
        with transaction.atomic():
            change(call, note="x")
        with transaction.atomic():
            change(call, value=5)
    assert changes_of(call) == [["note", "value"]]


def test_many_saves_of_one_transaction_are_one(call):
    with transaction.atomic():
        change(call, note="a")
        call.tags.add(Tag.objects.create(company=call.company, name="New"))
        change(call, note="b")
        change(call, value=5)
        change(call, customer_name="Zoë")
    assert changes_of(call) == [["tags", "note", "value"]]
    (body,) = bodies_of(call, "call_modified")
    assert (body["note"], body["tags"], body["value"], body["customer_name"]) == ("b", ["New"], "5.00", "Zoë")
    assert Delivery.objects.filter(event__type="call_modified").count() == 1


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ({"note": "b"}, {"note": ""}),
        ({"value": 5}, {"value": None}),
        ({"lead_status": "good_lead"}, {"lead_status": ""}),
    ],
)
def test_there_and_back_in_one_transaction_is_no_change(call, there, back):
    with transaction.atomic():
        change(call, **there)
        change(call, **back)
    assert types_of(call) == ["post_call"]
    assert Delivery.objects.count() == 1
    change(call, **there)
    assert [event.sequence for event in events_of(call)] == [1, 2]


def test_a_tag_put_on_and_taken_off_in_one_transaction_is_no_change(call):
    tag = Tag.objects.create(company=call.company, name="New")
    with transaction.atomic():
        call.tags.add(tag)
        call.tags.remove(tag)
    assert types_of(call) == ["post_call"]


def test_there_back_and_there_again_is_one(call):
    with transaction.atomic():
        change(call, note="b")
        change(call, note="")
        change(call, note="c")
    assert changes_of(call) == [["note"]]
    assert bodies_of(call, "call_modified")[0]["note"] == "c"


def test_half_of_it_taken_back(call):
    with transaction.atomic():
        change(call, note="b", value=5)
        change(call, note="")
    assert changes_of(call) == [["value"]]


def test_changes_in_the_transaction_of_post_call_are_part_of_it(company):
    call = make_call(company, start_time=START)
    with transaction.atomic():
        change(call, ended_at=LATER)
        change(call, note="late", value=5)
        call.tags.add(Tag.objects.create(company=company, name="New"))
    assert types_of(call) == ["pre_call", "post_call"]
    (body,) = bodies_of(call, "post_call")
    assert (body["note"], body["value"], body["tags"]) == ("late", "5.00", ["New"])
    call.save()
    assert types_of(call) == ["pre_call", "post_call"]


def test_two_calls_in_one_transaction_are_told_apart(call):
    other = ended_call(call.company, call.tracker)
    with transaction.atomic():
        change(call, note="x")
        change(other, value=5)
        change(call, note="y")
    assert (changes_of(call), changes_of(other)) == ([["note"]], [["value"]])


def test_an_error_after_the_save_takes_the_event_along(call):
    @transaction.atomic
    def save_and_fail():
        change(call, note="x")
        Tag.objects.create(company=call.company, name="T")
        Tag.objects.create(company=call.company, name="t")  # the same name

    with pytest.raises(IntegrityError, match="tag_name_once"):
        save_and_fail()
    assert types_of(call) == ["post_call"]
