"""Deliveries go on while something that a drain does beside them is broken."""

import pytest

from tests.support.drains import make_drain, nothing_pending, slot_connection
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_housekeeping_that_fails_ends_no_drain(receiver: Receiver):
    company = make_company()
    make_subscription(company, url=receiver.url, events=["pre_call"])
    failures = 0

    def housekeeping() -> None:
        nonlocal failures
        failures += 1
        if failures == 2:
            make_call(company)
        raise ValueError("broken")

    with slot_connection() as slot:
        make_drain(
            slot, should_stop=lambda: failures >= 2 and nothing_pending(), housekeeping=housekeeping, budget=15
        ).run()
    assert len(receiver.got) == 1
