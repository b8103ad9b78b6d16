"""What is over goes after its days: successes sooner than failures, what waits never."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from django_q.models import Task

from subscriptions import retention
from subscriptions.ids import first_uuid7_at, uuid7
from subscriptions.models import Attempt, Delivery, Event
from tests.factories import make_call, make_company, make_subscription, make_tracker

pytestmark = pytest.mark.django_db


@pytest.fixture
def deliveries() -> list[Delivery]:
    company = make_company()
    make_subscription(company, events=["pre_call"])
    tracker = make_tracker(company)
    for _ in range(4):
        make_call(company, tracker)
    return list(Delivery.objects.order_by("pk"))


def age(delivery: Delivery, *, days: float, state: str) -> None:
    then = timezone.now() - timedelta(days=days)
    due = then if state == "pending" else None
    Delivery.objects.filter(pk=delivery.pk).update(state=state, due_at=due, created_at=then)
    Attempt.objects.create(delivery=delivery, number=1, outcome="delivered", started_at=then, url="https://example.com")
    old_id = first_uuid7_at(then.timestamp())
    event = Event.objects.get(pk=delivery.event_id)
    new = Event.objects.create(
        id=UUID(int=old_id.int | delivery.pk),
        company=event.company,
        type=event.type,
        subject_id=event.subject_id,
        sequence=event.sequence + 100,
        body=event.body,
    )
    Delivery.objects.filter(pk=delivery.pk).update(event=new)
    event.delete()


def test_successes_go_after_thirty_days_failures_after_ninety(deliveries):
    age(deliveries[0], days=31, state="delivered")
    age(deliveries[1], days=31, state="failed")
    age(deliveries[2], days=91, state="failed")
    age(deliveries[3], days=29, state="delivered")
    gone = retention.tidy()
    assert (gone["deliveries"], gone["events"], gone["tasks"]) == (2, 2, 0)
    assert set(Delivery.objects.values_list("pk", flat=True)) == {deliveries[1].pk, deliveries[3].pk}
    assert Attempt.objects.count() == 2
    assert Event.objects.count() == 2


@pytest.mark.parametrize("state", ["pending", "held"])
def test_what_waits_never_goes(deliveries, state: str):
    age(deliveries[0], days=900, state=state)
    retention.tidy()
    assert Delivery.objects.filter(pk=deliveries[0].pk).exists()


def test_events_that_nobody_subscribed_go_too(deliveries):
    company = deliveries[0].company
    Event.objects.create(
        id=first_uuid7_at((timezone.now() - timedelta(days=31)).timestamp()),
        company=company,
        type="post_call",
        subject_id="CAL0",
        sequence=1,
        body=b"{}",
    )
    assert retention.tidy()["events"] == 1


def test_more_than_a_batch_goes_in_one_run(deliveries, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 1)
    for delivery in deliveries:
        age(delivery, days=31, state="delivered")
    assert retention.tidy()["deliveries"] == 4


def test_a_run_without_time_deletes_nothing(deliveries):
    age(deliveries[0], days=31, state="delivered")
    assert retention.tidy(seconds=0)["deliveries"] == 0


def test_old_failed_tasks_of_the_queue_go():
    then = timezone.now() - timedelta(days=91)
    Task.objects.create(id="1" * 32, name="old", func="x", started=then, stopped=then, success=False)
    assert retention.tidy()["tasks"] == 1


def test_the_bound_of_a_time_lies_below_every_id_made_after_it():
    before = first_uuid7_at(timezone.now().timestamp() - 1)
    after = first_uuid7_at(timezone.now().timestamp() + 1)
    assert before < uuid7() < after
