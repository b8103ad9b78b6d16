"""Races of the outbox: who may write an outcome, what a dead drain leaves, how many rows of an endpoint are out."""

import threading

import pytest
from django.db import connection

from subscriptions.delivery import outbox
from subscriptions.delivery.outbox import Claimed
from subscriptions.models import Attempt, Delivery
from tests.claiming import claim, delivered, end_leases, failed
from tests.factories import make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company():
    company = make_company()
    make_subscription(company, events=["pre_call"])
    return company


def test_a_claim_counts_the_attempt_and_hides_the_row(company):
    make_call(company)
    (job,) = claim()
    assert job.attempt == 1
    assert Delivery.objects.get().attempts == 1
    assert claim() == []


def test_an_ended_lease_is_claimed_again_and_the_lost_attempt_is_in_the_log(company):
    make_call(company)
    claim()
    end_leases()
    (job,) = claim()
    assert job.attempt == 2
    lost = Attempt.objects.get()
    assert (lost.number, lost.outcome) == (1, "lost")


def test_who_lost_the_lease_writes_no_outcome_but_its_attempt_is_told(company):
    make_call(company)
    (first,) = claim()
    end_leases()
    (second,) = claim()
    assert outbox.finish([delivered(first)]) == set()
    assert Delivery.objects.get().state == "pending"
    assert Attempt.objects.get(number=1).outcome == "delivered"
    assert outbox.finish([delivered(second)]) == {second.id}
    assert Delivery.objects.get().state == "delivered"


def test_handing_back_takes_the_attempt_back(company):
    make_call(company)
    outbox.hand_back(claim())
    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.claim, delivery.state) == (0, None, "pending")
    assert claim()[0].attempt == 1


def test_an_endpoint_has_no_more_than_its_window_out_at_all_drains_together(company):
    tracker = make_tracker(company)
    for _ in range(12):
        make_call(company, tracker)
    claimed: list[Claimed] = []
    lock = threading.Lock()
    together = threading.Barrier(4)

    def one_drain() -> None:
        try:
            together.wait(10)
            for _ in range(3):
                jobs = claim(window=2)
                with lock:
                    claimed.extend(jobs)
        finally:
            connection.close()

    threads = [threading.Thread(target=one_drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 2


def test_a_claim_is_fair_to_an_endpoint_beside_a_backlog(company):
    tracker = make_tracker(company)
    for _ in range(30):
        make_call(company, tracker)
    other = make_company("Other")
    make_subscription(other, events=["pre_call"])
    make_call(other)
    jobs = claim(window=5)
    assert len({job.endpoint for job in jobs}) == 2
    assert len(jobs) == 6


def test_a_claim_can_begin_behind_an_endpoint():
    for number in range(4):
        company = make_company(f"Company {number}")
        make_subscription(company, events=["pre_call"])
        make_call(company)
    first = claim(limit=2)
    assert len(first) == 2
    second = claim(limit=2, after=max(job.endpoint for job in first))
    assert {job.endpoint for job in first}.isdisjoint({job.endpoint for job in second})
    assert len(second) == 2


def test_a_paused_subscription_is_not_claimed_for(company):
    make_call(company)
    company.subscriptions.update(state="paused")
    assert claim() == []
    assert outbox.hold() == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == ("held", "The subscription is paused.")


def test_a_failure_after_a_pause_is_held_not_retried(company):
    make_call(company)
    (job,) = claim()
    company.subscriptions.update(state="paused")
    outbox.finish([failed(job)])
    assert Delivery.objects.get().state == "held"


def test_seconds_to_next_tells_when_the_earliest_row_falls_due(company):
    assert outbox.seconds_to_next() is None
    make_call(company)
    (job,) = claim()
    outbox.finish([failed(job, wait=50.0)])
    seconds = outbox.seconds_to_next()
    assert seconds is not None
    assert 40 < seconds <= 50
    assert outbox.oldest_due_seconds() == 0
