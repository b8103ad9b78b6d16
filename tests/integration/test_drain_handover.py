"""A drain whose time is over frees its slot before its last requests are, so that somebody always delivers."""

from __future__ import annotations

import threading

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
