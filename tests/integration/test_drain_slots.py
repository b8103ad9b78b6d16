"""Slots: as many drains as wanted, no more; a dead one's place is free at once."""

import threading
from contextlib import closing

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from subscriptions.delivery import slots, wakeup
from subscriptions.delivery.news import News
from subscriptions.delivery.slots import SlotConnection
from subscriptions.models import DrainSlot
from subscriptions.worker import drains
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.waiting import wait_until

# Other tests run beside these, with databases of their own on the same server.
OUR_LOCKS = "locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
EVERYWHERE = News(everywhere=True)

pytestmark = pytest.mark.django_db(transaction=True)


def held() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM pg_locks WHERE {OUR_LOCKS} AND classid = %s)", [slots.LOCK_CLASS])
        return bool(cursor.fetchone()[0])


@pytest.fixture
def connect():
    made: list[SlotConnection] = []

    def make() -> SlotConnection:
        made.append(SlotConnection())
        return made[-1]

    yield make
    for slot in made:
        slot.close()


def test_two_drains_never_hold_one_slot(connect):
    assert [connect().take_slot(2), connect().take_slot(2), connect().take_slot(2)] == [1, 2, None]


def end_connections() -> None:
    """What a killed process leaves: connections that end without a goodbye."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE {OUR_LOCKS} AND classid = %s",
            [slots.LOCK_CLASS],
        )


def test_a_slot_is_free_as_soon_as_the_connection_is_gone(connect):
    first = connect()
    assert first.take_slot(1) == 1
    end_connections()
    assert connect().take_slot(1) == 1


def test_a_slot_is_free_when_its_connection_was_closed():
    for _ in range(50):  # the server sees the end of a connection a moment later, usually
        with closing(SlotConnection()) as holder, closing(SlotConnection()) as waiting:
            holder.take_slot(1)
            assert waiting.wait_for_slot(1, should_stop=lambda: True) is None  # it keeps its place
        assert not held()


def test_a_lost_connection_is_closed_all_the_same(connect):
    slot = connect()
    slot.take_slot(1)
    end_connections()
    slot.close()
    assert connect().take_slot(1) == 1


def test_a_task_is_queued_for_each_free_slot_and_once(connect, settings):
    settings.DELIVERY_DRAINS = 3
    connect().take_slot(1)
    drains.queue_missing_drains()
    drains.queue_missing_drains()
    assert OrmQ.objects.count() == 2
    assert list(DrainSlot.objects.filter(queued_at__isnull=False).values_list("number", flat=True)) == [2, 3]


def test_a_task_that_nothing_began_is_queued_again_after_a_while():
    assert slots.slots_to_queue(1) == [1]
    assert slots.slots_to_queue(1) == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscriptions_drainslot SET queued_at = now() - interval '11 s'")
    assert slots.slots_to_queue(1) == [1]


def test_a_wake_up_is_heard_after_the_commit(connect):
    slot = connect()
    slot.take_slot(1)
    assert not slot.news()
    wakeup.wake(1, EVERYWHERE)
    wait_until(slot.news)


def test_one_event_wakes_one_drain_and_always_the_same(connect, settings):
    settings.DELIVERY_DRAINS = 2
    one, two = connect(), connect()
    assert (one.take_slot(2), two.take_slot(2)) == (1, 2)
    company = make_company()
    make_subscription(company, events=["pre_call"])
    mine, other = (one, two) if company.pk % 2 == 0 else (two, one)
    for _ in range(3):
        make_call(company)
        assert wait_until(mine.news) == News({company.pk})
    wakeup.wake(1, EVERYWHERE)
    wakeup.wake(2, EVERYWHERE)
    # The first that it hears of, and what was sent before would have come before.
    assert wait_until(other.news) == EVERYWHERE
    assert not other.news()


def test_a_transaction_wakes_a_drain_once_however_many_events_it_has(connect, settings):
    settings.DELIVERY_DRAINS = 1
    company = make_company()
    make_subscription(company, events=["pre_call"])
    tracker = make_tracker(company)
    with CaptureQueriesContext(connection) as done, transaction.atomic():
        for _ in range(3):
            make_call(company, tracker)
    assert len([query for query in done.captured_queries if "pg_notify" in query["sql"]]) == 1


def test_waiting_for_a_slot_ends_when_the_cluster_stops(connect):
    connect().take_slot(1)
    assert connect().wait_for_slot(1, should_stop=lambda: True) is None


def test_no_more_wait_for_a_slot_than_there_are_slots(connect):
    """A task that runs again after a crash must not sit in a worker that has better to do."""
    holder, waiter, surplus = connect(), connect(), connect()
    holder.take_slot(1)
    got: list[int | None] = []
    wait = threading.Thread(target=lambda: got.append(waiter.wait_for_slot(1, should_stop=lambda: False)))
    wait.start()
    with connection.cursor() as cursor:

        def waits() -> bool:
            cursor.execute(f"SELECT count(*) FROM pg_locks WHERE {OUR_LOCKS} AND objid = %s", [slots.WAITING + 1])
            return cursor.fetchone()[0] == 1

        wait_until(waits)
        assert surplus.wait_for_slot(1, should_stop=lambda: pytest.fail("it waits")) is None
        holder.close()
        wait.join(120)
        assert got == [1]
        assert not waits(), "the place in the queue is free for the next"
