"""Whoever is woken does not wait until the outcomes of others are written: a commit waits for the disk."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import connection

from subscriptions.database.parameters import driver_parameters
from subscriptions.models import Delivery
from tests.support.drains import drain_until, nothing_pending
from tests.support.factories import make_call, make_company, make_subscription, make_tracker
from tests.support.receiver import Got, Receiver
from tests.support.waiting import lock_waiters, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 20.0


def test_another_companys_event_is_sent_while_an_outcome_cannot_be_written(receiver: Receiver):
    """As long as the disk takes, or here a lock."""
    one, other = make_company(), make_company()
    for company in (one, other):
        make_subscription(company, url=f"{receiver.url}/{company.pk}", events=["pre_call"])
    make_call(one, make_tracker(one))
    tracker = make_tracker(other)
    first = Delivery.objects.get()
    came = threading.Event()
    meanwhile: list[bool] = []

    with psycopg.connect(**driver_parameters(connection.settings_dict)) as holder:

        def answer(got: Got) -> tuple[int, dict[str, str], bytes]:
            if got.path.endswith(f"/{one.pk}"):
                holder.execute("SELECT FROM subscriptions_delivery WHERE id = %s FOR UPDATE", [first.pk])
            else:
                came.set()
            return 200, {}, b""

        def publish() -> None:
            try:
                wait_until(lock_waiters)
                make_call(other, tracker)
                meanwhile.append(came.wait(PATIENCE))
            finally:
                holder.rollback()
                connection.close()

        receiver.answer = answer
        publisher = threading.Thread(target=publish)
        publisher.start()
        drain_until(lambda: came.is_set() and nothing_pending())
        publisher.join()
    assert meanwhile == [True]
    assert set(Delivery.objects.values_list("state", "attempts")) == {("delivered", 1)}
