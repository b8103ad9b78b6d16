"""Slots: as many drains as wanted, no more; a dead one's place is free at once."""

import threading

import pytest
from django.db import connection
from django_q.models import OrmQ

from subscriptions.delivery import slots, wakeup
from subscriptions.delivery.slots import Bell
from subscriptions.models import DrainSlot
from subscriptions.worker import drains
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bells():
    made: list[Bell] = []

    def make() -> Bell:
        made.append(Bell())
        return made[-1]

    yield make
    for bell in made:
        bell.close()


def test_two_drains_never_hold_one_slot(bells):
    assert [bells().take_slot(2), bells().take_slot(2), bells().take_slot(2)] == [1, 2, None]


def test_a_slot_is_free_as_soon_as_the_connection_is_gone(bells):
    first = bells()
    assert first.take_slot(1) == 1
    with connection.cursor() as cursor:
        # What a killed process leaves: a connection that ends without a goodbye.
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s",
            [slots.LOCK_CLASS],
        )
    assert bells().take_slot(1) == 1


def test_a_task_is_queued_for_each_free_slot_and_once(bells, settings):
    settings.DELIVERY_DRAINS = 3
    bells().take_slot(1)
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


def test_a_wake_up_is_heard_after_the_commit(bells):
    bell = bells()
    bell.take_slot(1)
    assert not bell.heard()
    wakeup.wake()
    wait_until(bell.heard)


def test_waiting_for_a_slot_ends_when_the_cluster_stops(bells):
    bells().take_slot(1)
    assert bells().wait_for_slot(1, should_stop=lambda: True) is None


def test_no_more_wait_for_a_slot_than_there_are_slots(bells):
    """A task that runs again after a crash must not sit in a worker that has better to do."""
    holder, waiter, surplus = bells(), bells(), bells()
    holder.take_slot(1)
    got: list[int | None] = []
    wait = threading.Thread(target=lambda: got.append(waiter.wait_for_slot(1, should_stop=lambda: False)))
    wait.start()
    with connection.cursor() as cursor:

        def waits() -> bool:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", [slots.WAITING + 1]
            )
            return cursor.fetchone()[0] == 1

        wait_until(waits)
        assert surplus.wait_for_slot(1, should_stop=lambda: pytest.fail("it waits")) is None
        holder.close()
        wait.join(10)
        assert got == [1]
        assert not waits(), "the place in the queue is free for the next"
