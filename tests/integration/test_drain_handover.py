"""A drain whose time is over frees its slot before its last requests are, so that somebody always delivers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection

from subscriptions.delivery import webhook_client
from subscriptions.delivery.slots import SlotConnection
from subscriptions.models import Delivery
from tests.support.drains import drain_until, make_drain, slot_connection
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver, running_receiver
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_request_that_hangs_at_the_end_keeps_no_other_drain_from_delivering(receiver: Receiver):
    """Both drains of an installation end at the same time: for as long as the request hung nobody delivered."""
    hanging, release, over = threading.Event(), threading.Event(), threading.Event()
    dead, well = make_company("Dead"), make_company("Well")
    make_subscription(well, url=receiver.url, events=["pre_call"])
    with running_receiver() as silent:

        def hang(_):
            hanging.set()
            release.wait(120)
            return 200, {}, b""

        silent.answer = hang
        make_subscription(dead, url=silent.url, events=["pre_call"])
        make_call(dead)

        def first_drain() -> None:
            loop = webhook_client.new_loop()
            try:
                with slot_connection(slots=1) as slot:
                    make_drain(slot, loop=loop, budget=60, should_stop=hanging.is_set).run()
            finally:
                loop.close()
                connection.close()
                over.set()

        thread = threading.Thread(target=first_drain, daemon=True)
        thread.start()
        try:
            assert hanging.wait(120)
            successor = SlotConnection()
            try:
                wait_until(lambda: successor.take_slot(1) == 1)
            finally:
                successor.close()
            make_call(well)
            drain_until(lambda: len(receiver.got) == 1)
            assert not over.is_set(), "the first drain still waits for its answer"
        finally:
            release.set()
            thread.join(120)
    assert over.is_set()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}, "and it recorded it"


@contextmanager
def waiting_successor(slots: int) -> Iterator[list[int | None]]:
    """A drain's task that waits for a slot, and what it got."""
    got: list[int | None] = []
    over = threading.Event()

    def wait() -> None:
        successor = SlotConnection()
        try:
            got.append(successor.wait_for_slot(slots, should_stop=over.is_set))
            over.wait(120)
        finally:
            successor.close()
            connection.close()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    try:
        yield got
    finally:
        over.set()
        thread.join(120)


def received(receiver: Receiver, number: int) -> bool:
    return len(receiver.got) == number


def test_a_drain_keeps_its_slot_until_somebody_waits_for_it(receiver: Receiver):
    make_subscription(company := make_company(), url=receiver.url, events=["pre_call"])
    ended = threading.Event()

    def run() -> None:
        loop = webhook_client.new_loop()
        try:
            with slot_connection(slots=1) as slot:
                make_drain(slot, loop=loop, budget=0.05, successor_seconds=120).run()
        finally:
            loop.close()
            connection.close()
            ended.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    for number in range(3):  # its time is over, and nobody is there to follow
        make_call(company)
        wait_until(partial(received, receiver, number + 1))
    assert not ended.is_set()
    with waiting_successor(slots=1) as got:
        assert ended.wait(120)
        wait_until(lambda: got == [1])
    thread.join(120)


def test_of_two_drains_one_leaves_for_one_successor():
    with slot_connection(slots=2) as first, slot_connection(slots=2) as second:
        assert not first.hand_over()
        with waiting_successor(slots=2) as got:
            wait_until(lambda: first.hand_over())
            assert not second.hand_over(), "the one that waits has the first one's slot"
            wait_until(lambda: got == [1])
            assert not second.hand_over()
        assert second.slot == 2


def test_without_a_successor_a_drain_ends_all_the_same():
    with slot_connection(slots=1) as slot:
        make_drain(slot, budget=0.05, successor_seconds=0.2).run()
