"""What is over goes after its days: successes sooner than failures, what waits never."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ, Task

from subscriptions.lib.ids import first_uuid7_at, uuid7
from subscriptions.maintenance import delivery_retention, retention
from subscriptions.models import Attempt, Delivery, Event, RetentionPlace
from subscriptions.worker import tasks
from tests.support.factories import make_call, make_company, make_subscription, make_tracker

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
    gone = retention.delete_expired()
    assert (gone["deliveries"], gone["events"], gone["tasks"]) == (2, 2, 0)
    assert set(Delivery.objects.values_list("pk", flat=True)) == {deliveries[1].pk, deliveries[3].pk}
    assert Attempt.objects.count() == 2
    assert Event.objects.count() == 2


@pytest.mark.parametrize("state", ["pending", "held"])
def test_what_waits_never_goes(deliveries, state: str):
    age(deliveries[0], days=900, state=state)
    retention.delete_expired()
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
    assert retention.delete_expired()["events"] == 1


def test_more_than_a_batch_goes_in_one_run(deliveries, monkeypatch):
    monkeypatch.setattr(delivery_retention, "BATCH", 1)
    for delivery in deliveries:
        age(delivery, days=31, state="delivered")
    gone = retention.delete_expired()
    assert (gone["deliveries"], gone["events"]) == (4, 4)


def test_a_run_without_time_deletes_nothing(deliveries):
    age(deliveries[0], days=31, state="delivered")
    assert set(retention.delete_expired(seconds=0).values()) == {0}


def test_the_next_run_goes_on_where_the_last_one_ended(deliveries, monkeypatch):
    """What is kept for longer is not walked through every hour: a day's failures among a month's."""
    monkeypatch.setattr(delivery_retention, "BATCH", 1)
    for delivery in deliveries[:3]:
        age(delivery, days=31, state="failed")
    retention.delete_expired()
    assert RetentionPlace.objects.get(pk="deliveries").reached == str(deliveries[2].pk)
    age(deliveries[3], days=31, state="delivered")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert retention.delete_expired()["deliveries"] == 1
    assert sum("FROM subscriptions_delivery WHERE id >" in query["sql"] for query in queries) == 2, "one more is none"


def test_a_run_that_had_too_little_time_is_gone_on_with(deliveries, monkeypatch):
    monkeypatch.setattr(delivery_retention, "BATCH", 1)
    for delivery in deliveries:
        age(delivery, days=31, state="delivered")
    looks = iter([True, True])
    assert delivery_retention.delete_old_deliveries(lambda: next(looks, False)) == 2
    place = RetentionPlace.objects.get(pk="deliveries")
    assert (place.reached, place.done) == (str(deliveries[1].pk), False)
    # However long it takes: only a pass that came to its end begins again.
    RetentionPlace.objects.update(began_at=timezone.now() - timedelta(days=3))
    assert delivery_retention.delete_old_deliveries(lambda: True) == 2


def test_once_a_day_it_begins_anew_for_what_has_grown_old_since(deliveries):
    age(deliveries[0], days=31, state="failed")
    retention.delete_expired()
    Delivery.objects.filter(pk=deliveries[0].pk).update(created_at=timezone.now() - timedelta(days=91))
    assert retention.delete_expired()["deliveries"] == 0
    RetentionPlace.objects.update(began_at=timezone.now() - timedelta(hours=25))
    gone = retention.delete_expired()
    assert (gone["deliveries"], gone["events"]) == (1, 1)
    assert Event.objects.count() == 3


def test_old_failed_tasks_of_the_queue_go_in_batches(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for number, days in enumerate((91, 91, 91, 91, 91, 89)):
        then = timezone.now() - timedelta(days=days)
        Task.objects.create(id=str(number) * 32, name="old", func="x", started=then, stopped=then, success=False)
    with CaptureQueriesContext(connection) as queries:
        assert retention.delete_expired()["tasks"] == 5
    assert Task.objects.count() == 1
    assert sum(query["sql"].startswith('DELETE FROM "django_q_task"') for query in queries) == 3


def test_sessions_that_are_over_go():
    for key, hours in (("over", -1), ("lives", 1)):
        expires = timezone.now() + timedelta(hours=hours)
        Session.objects.create(session_key=key, session_data="x", expire_date=expires)
    assert retention.delete_expired()["sessions"] == 1
    assert Session.objects.get().session_key == "lives"


def test_what_apps_register_goes_too():
    assert {"refused forms", "form senders' rates", "refused callbacks", "provider call facts"} <= set(
        retention.delete_expired()
    )


def test_one_that_takes_all_its_time_leaves_the_others_theirs(deliveries, monkeypatch):
    age(deliveries[0], days=31, state="delivered")
    monkeypatch.setitem(retention._registered, "endless", Event.objects.none)
    delete = retention._delete_in_batches

    def endless(rows):
        def until_the_time_is_up(time_left) -> int:
            while time_left():
                pass
            return 0

        return until_the_time_is_up if rows == Event.objects.none else delete(rows)

    monkeypatch.setattr(retention, "_delete_in_batches", endless)
    assert retention.delete_expired(seconds=3.0)["deliveries"] == 1


def test_the_bound_of_a_time_lies_below_every_id_made_after_it():
    before = first_uuid7_at(timezone.now().timestamp() - 1)
    after = first_uuid7_at(timezone.now().timestamp() + 1)
    assert before < uuid7() < after


def test_a_run_whose_time_was_over_is_followed_by_another_and_one_that_found_all_is_not(deliveries, monkeypatch):
    age(deliveries[0], days=31, state="delivered")
    monkeypatch.setitem(retention.delete_some.__kwdefaults__, "seconds", 0.0)
    tasks.tidy()
    queued = [task.func() for task in OrmQ.objects.all()]
    assert queued == ["subscriptions.worker.tasks.tidy"]
    OrmQ.objects.all().delete()
    monkeypatch.setitem(retention.delete_some.__kwdefaults__, "seconds", 20.0)
    tasks.tidy()
    assert OrmQ.objects.count() == 0
    assert not Delivery.objects.filter(pk=deliveries[0].pk).exists()
