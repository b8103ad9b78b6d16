"""Deliveries go on while something that a drain does beside them is broken."""

import pytest
from django.conf import settings

from subscriptions.delivery import webhook_client
from subscriptions.delivery.drain import Drain
from subscriptions.delivery.slots import Bell
from tests.draining import nothing_pending
from tests.factories import make_call, make_company, make_subscription
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_chore_that_fails_ends_no_drain(receiver: Receiver):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    failures = 0

    def chore() -> None:
        nonlocal failures
        failures += 1
        if failures == 2:
            make_call(company)
        raise ValueError("broken")

    bell = Bell()
    try:
        assert bell.take_slot(64) is not None
        Drain(
            bell=bell,
            send=webhook_client.send,
            threads=2,
            per_endpoint=2,
            longest_request=1,
            lease=settings.DELIVERY_LEASE_SECONDS,
            budget=15,
            should_stop=lambda: failures >= 2 and nothing_pending(),
            chores=chore,
        ).run()
    finally:
        bell.close()
    assert len(receiver.got) == 1
