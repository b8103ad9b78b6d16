"""Races of the outbox: who may write an outcome, what a dead drain leaves, how many rows of an endpoint are out."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from subscriptions.delivery import outbox
from subscriptions.delivery.outbox import Claimed, Position
from subscriptions.delivery.outbox.staging import UNCLAIMED_SECONDS
from subscriptions.models import Attempt, Delivery
from tests.support.claims import claim, delivered, end_leases, failed, one_claim
from tests.support.factories import make_call, make_company, make_subscription, make_tracker

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
    assert outbox.finish([delivered(first)]).ids == set()
    assert Delivery.objects.get().state == "pending"
    assert Attempt.objects.get(number=1).outcome == "delivered"
    assert outbox.finish([delivered(second)]).ids == {second.id}
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
            together.wait(120)
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


def test_claims_go_on_behind_the_companies_and_endpoints_that_were_looked_at(monkeypatch):
    """What they find there cannot be sent now (each endpoint has as much under way as it may), and yet all are met."""
    from subscriptions.delivery.outbox import claiming

    monkeypatch.setattr(claiming, "COMPANIES_PER_CLAIM", 2)
    monkeypatch.setattr(claiming, "ENDPOINTS_PER_CLAIM", 6)
    for number in range(5):
        company = make_company(f"Company {number}")
        for name in range(5):
            make_subscription(company, events=["pre_call"], name=f"CRM {name}")
        for _ in range(2):
            make_call(company)
    position, met = Position(), Counter()
    for _ in range(12):
        met.update(job.endpoint for job in one_claim(window=1, position=position).rows)
    assert len(met) == 25
    assert set(met.values()) == {1}


def test_a_row_that_is_deleted_by_hand_while_it_is_under_way_costs_its_own_outcome_only(company):
    tracker = make_tracker(company)
    for _ in range(3):
        make_call(company, tracker)
    jobs = claim()
    Delivery.objects.filter(pk=jobs[1].id).delete()
    assert outbox.finish([delivered(job) for job in jobs]).ids == {jobs[0].id, jobs[2].id}
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    assert set(Attempt.objects.values_list("delivery", flat=True)) == {jobs[0].id, jobs[2].id}


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


def test_a_look_tells_what_can_be_claimed_and_when_the_earliest_row_falls_due(company):
    assert (outbox.look().to_claim, outbox.look().next_seconds) == (False, None)
    make_call(company)
    assert not outbox.look().to_claim, "its wake-up may still come"
    Delivery.objects.update(due_at=F("due_at") - timedelta(seconds=UNCLAIMED_SECONDS))
    assert outbox.look().to_claim
    (job,) = claim()
    outbox.finish([failed(job, wait=50.0)])
    look = outbox.look()
    assert (look.to_claim, look.to_stage) == (False, False)
    assert look.next_seconds is not None
    assert 40 < look.next_seconds <= 50


def test_a_lease_that_ended_is_seen_by_a_look(company):
    make_call(company)
    claim()
    assert not outbox.look().to_stage
    Delivery.objects.update(due_at=timezone.now())
    assert outbox.look().to_stage
