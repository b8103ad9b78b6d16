"""Limits that a subscription sets itself: events of a call in order, so many a minute; and the lane of late ones."""

import time
from collections import Counter
from dataclasses import replace

import pytest
from django.db import connection

from subscriptions.delivery import outbox
from subscriptions.delivery.recorder import Recorder
from subscriptions.endpoints import operations
from subscriptions.models import Delivery, EndpointHealth
from tests.support.claims import all_due, claim, delivered, failed, finish, one_claim
from tests.support.factories import ended_call, make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company():
    return make_company()


def changed_twice(company):
    call = ended_call(company)
    for note in ("one", "two"):
        call.note = note
        call.save()
    return call


def test_in_order_a_later_event_waits_for_the_earlier_one(company):
    make_subscription(company, events=["post_call", "call_modified"], ordered=True)
    changed_twice(company)
    (first,) = claim()
    assert (first.event_type, first.sequence) == ("post_call", 1)
    assert claim() == []
    finish(delivered(first))
    assert [job.sequence for job in claim()] == [2]


def test_in_order_a_failed_event_holds_the_later_ones_until_it_is_given_up(company):
    make_subscription(company, events=["post_call", "call_modified"], ordered=True)
    changed_twice(company)
    (first,) = claim()
    finish(failed(first))
    assert claim() == []
    all_due()
    (again,) = claim()
    assert (again.sequence, claim()) == (1, [])
    finish(replace(failed(again), state="failed"))
    assert [job.sequence for job in claim()] == [2]


def test_in_order_what_waits_is_put_off_until_its_turn_and_looked_at_no_more(company):
    make_subscription(company, events=["post_call", "call_modified"], ordered=True)
    changed_twice(company)
    (first,) = claim()
    claim()
    waiting = Delivery.objects.exclude(pk=first.id)
    assert set(waiting.values_list("stage", flat=True)) == {Delivery.Stage.SCHEDULED}
    assert not outbox.look().to_claim
    finish(failed(first, wait=300.0))
    claim()
    assert not outbox.look().to_claim


def test_in_order_the_next_event_is_made_available_with_the_outcome(company):
    make_subscription(company, events=["post_call", "call_modified"], ordered=True)
    changed_twice(company)
    (first,) = claim()
    claim()
    assert Delivery.objects.get(event__sequence=2).stage == Delivery.Stage.SCHEDULED
    recorder = Recorder(written=lambda *_: None, handed_back=lambda *_: None)
    recorder.add([delivered(first)], [])
    recorder.flush()
    assert Delivery.objects.get(event__sequence=2).stage == Delivery.Stage.AVAILABLE


def test_in_order_a_cancelled_event_lets_the_next_go(company):
    make_subscription(company, events=["post_call", "call_modified"], ordered=True)
    changed_twice(company)
    (first,) = claim()
    claim()
    finish(failed(first, wait=3000.0))
    operations.cancel(Delivery.objects.filter(pk=first.id))
    assert [job.sequence for job in claim()] == [2]


def test_in_order_a_later_event_waits_for_a_held_one(company):
    subscription = make_subscription(company, events=["post_call", "call_modified"], ordered=True)
    changed_twice(company)
    first = Delivery.objects.earliest("event__sequence")
    Delivery.objects.filter(pk=first.pk).update(state="held", due_at=None, stage=0, reason="Held.")
    assert claim() == []
    type(subscription).objects.update(releasing=True)
    outbox.release()
    assert [job.sequence for job in claim()] == [1]


def test_in_order_one_call_does_not_hold_up_another(company):
    make_subscription(company, events=["post_call", "call_modified"], ordered=True)
    changed_twice(company)
    changed_twice(company)
    assert [job.sequence for job in claim(window=2)] == [1, 1]


def test_without_order_all_are_claimed(company):
    make_subscription(company, events=["post_call", "call_modified"])
    changed_twice(company)
    assert sorted(job.sequence for job in claim()) == [1, 2, 3]


def test_a_rate_below_one_a_second_lets_one_through_at_a_time(company):
    make_subscription(company, events=["pre_call"], rate_per_minute=1)
    tracker = make_tracker(company)
    for _ in range(5):
        make_call(company, tracker)
    assert len(claim()) == 1
    assert claim() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM rate_used_until - now()) FROM subscriptions_endpointhealth")
        assert 40 < cursor.fetchone()[0] <= 60
        cursor.execute("UPDATE subscriptions_endpointhealth SET rate_used_until = now()")
    all_due()
    assert len(claim()) == 1


def test_what_waits_for_its_rate_is_put_off_until_then_and_looked_at_no_more(company):
    make_subscription(company, events=["pre_call"], rate_per_minute=1)
    tracker = make_tracker(company)
    for _ in range(5):
        make_call(company, tracker)
    assert len(claim()) == 1
    put_off = one_claim()
    assert put_off.next_seconds is not None
    assert 40 < put_off.next_seconds <= 60
    look = outbox.look()
    assert not look.to_claim
    assert look.ready_seconds is not None
    assert 40 < look.ready_seconds <= 60


def test_a_higher_rate_lets_a_seconds_worth_through(company):
    make_subscription(company, events=["pre_call"], rate_per_minute=180)
    tracker = make_tracker(company)
    for _ in range(10):
        make_call(company, tracker)
    began = time.monotonic()
    assert len(claim()) == 3
    assert len(claim()) <= 3 * (time.monotonic() - began), "one each third of a second"
    assert EndpointHealth.objects.get().rate_used_until is not None


def test_late_retries_and_first_tries_share_the_endpoint(company):
    make_subscription(company, events=["pre_call"])
    tracker = make_tracker(company)
    for _ in range(40):
        make_call(company, tracker)
    failures = claim(window=40)
    late = {job.id for job in failures}
    assert len(late) == 40
    finish(*[failed(job) for job in failures])
    all_due()
    for _ in range(40):
        make_call(company, tracker)
    lanes: Counter[bool] = Counter()
    for _ in range(18):
        jobs = claim(window=2)
        lanes.update(job.id in late for job in jobs)
        outbox.finish([delivered(job) for job in jobs])
    assert lanes[False] > lanes[True] > 5


def test_late_retries_get_everything_when_nothing_else_waits(company):
    make_subscription(company, events=["pre_call"])
    tracker = make_tracker(company)
    for _ in range(6):
        make_call(company, tracker)
    Delivery.objects.update(lane=1)
    assert len(claim(window=6)) == 6
