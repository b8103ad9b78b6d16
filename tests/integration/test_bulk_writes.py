"""`calls.bulk`: the documented way for writes that pass Django's signals by."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from calls import bulk
from calls.models import Call, Tag
from subscriptions.models import Event
from tests.support.events import bodies_of, changes_of, events_of, types_of
from tests.support.factories import START, ended_call, make_call, make_company, make_tracker
from tests.support.past_calls import past_calls
from tests.support.threads import with_own_connection
from tests.support.waiting import lock_waiters, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def tracker(company):
    return make_tracker(company)


def test_each_call_fires_what_its_state_asks_for(company, tracker):
    later = START + timedelta(seconds=9)
    states = [
        ({}, ["pre_call"]),
        ({"answered_at": START}, ["call_routing_complete"]),
        ({"ended_at": later}, ["post_call"]),
        ({"direction": "outbound"}, []),
    ]
    calls = [Call(company=company, tracker=tracker, start_time=START, **fields) for fields, _ in states]
    bulk.create_calls(calls, publish=True)
    assert [types_of(call) for call in calls] == [fired for _, fired in states]


def test_without_publish_only_what_changes_later_is_told(company, tracker):
    calls = list(past_calls(company, tracker, 3))
    bulk.create_calls(calls, publish=False)
    assert Event.objects.count() == 0
    call = Call.objects.get(pk=calls[0].pk)
    call.save()
    bulk.publish_changes([each.resource_id for each in calls])
    assert Event.objects.count() == 0
    call.note = "x"
    call.save()
    assert types_of(call) == ["call_modified"]
    assert changes_of(call) == [["note"]]
    assert [event.sequence for event in events_of(call)] == [1]


def test_a_running_call_that_came_without_publish_goes_on_from_there(company, tracker):
    (call,) = calls = [Call(company=company, tracker=tracker, start_time=START)]
    bulk.create_calls(calls, publish=False)
    call.ended_at = START + timedelta(seconds=9)
    call.save()
    assert types_of(call) == ["post_call"]


def test_an_update_and_publish_changes_in_one_transaction(company, tracker):
    calls = [ended_call(company, tracker) for _ in range(3)]
    ids = [call.resource_id for call in calls]
    with transaction.atomic():
        Call.objects.filter(pk__in=[calls[0].pk, calls[1].pk]).update(note="imported", value=5)
        bulk.publish_changes(ids)
    assert [changes_of(call) for call in calls] == [[["note", "value"]], [["note", "value"]], []]
    assert bodies_of(calls[0], "call_modified")[0]["note"] == "imported"


def test_an_update_publishes_every_kind_of_event(company, tracker):
    call = make_call(company, tracker, start_time=START)
    for change in ({"routed_at": START}, {"ended_at": START}, {"note": "x"}, {"custom": "not watched"}):
        Call.objects.filter(pk=call.pk).update(**change)
        bulk.publish_changes([call.resource_id])
    assert types_of(call) == ["pre_call", "call_routing_complete", "post_call", "call_modified"]


def test_what_an_update_left_untold_is_told_by_the_next_save(company, tracker):
    call = ended_call(company, tracker)
    Call.objects.filter(pk=call.pk).update(note="untold")
    assert changes_of(call) == []
    Call.objects.get(pk=call.pk).save(update_fields=["custom"])
    assert changes_of(call) == [["note"]]


def test_tags_put_on_with_bulk_create(company, tracker):
    call = ended_call(company, tracker)
    tag = Tag.objects.create(company=company, name="New")
    through = Call.tags.through
    with transaction.atomic():
        through.objects.bulk_create([through(call_id=call.pk, tag_id=tag.pk)])
        bulk.publish_changes([call.resource_id])
    assert changes_of(call) == [["tags"]]


def test_a_rollback_takes_all_of_it_along(company, tracker):
    call = ended_call(company, tracker)
    with transaction.atomic():
        bulk.create_calls(past_calls(company, tracker, 3), publish=True)
        Call.objects.filter(pk=call.pk).update(note="x")
        bulk.publish_changes([call.resource_id])
        transaction.set_rollback(True)
    assert Event.objects.count() == 1
    assert types_of(call) == ["post_call"]


def test_a_faulty_call_stops_its_batch_before_anything_of_it_is_written(company, tracker):
    calls = [*past_calls(company, tracker, 3), Call(company=company, tracker=tracker, customer_phone_number="12")]
    with pytest.raises(ValidationError, match="has too few digits"):
        bulk.create_calls(calls, publish=True)
    assert Call.objects.count() == Event.objects.count() == 0


def test_unknown_and_repeated_ids_are_no_trouble(company, tracker):
    call = ended_call(company, tracker)
    Call.objects.filter(pk=call.pk).update(note="x")
    bulk.publish_changes(["CALnone", call.resource_id, call.resource_id])
    assert changes_of(call) == [["note"]]


def test_batches_of_one_transaction_lock_calls_in_one_order(company, tracker, monkeypatch: pytest.MonkeyPatch):
    """Whoever holds a call waits for later ones only: so two cannot wait for each other."""
    monkeypatch.setattr(bulk, "BATCH", 2)
    ids = sorted(ended_call(company, tracker).resource_id for _ in range(4))

    def publish() -> None:
        with transaction.atomic():
            bulk.publish_changes(reversed(ids))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Call.objects.select_for_update().get(resource_id=ids[0])
            published = pool.submit(with_own_connection, publish)
            wait_until(lock_waiters)
            for later in ids[1:]:
                Call.objects.select_for_update(nowait=True).get(resource_id=later)
        published.result(120)
