"""Running a drain inside a test, until what the test waits for has happened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from subscriptions.delivery import webhook_client
from subscriptions.delivery.drain import Drain
from subscriptions.delivery.fairness import Hosts, Paces
from subscriptions.delivery.slots import SlotConnection
from subscriptions.models import Delivery
from tests.support.waiting import PATIENCE


def nothing_pending() -> bool:
    return not Delivery.objects.filter(state=Delivery.State.PENDING).exists()


@contextmanager
def slot_connection(wakeup_url: str = "", slots: int = 64) -> Iterator[SlotConnection]:
    """One that holds a slot."""
    connection = SlotConnection(wakeup_url)
    try:
        assert connection.take_slot(slots) is not None
        yield connection
    finally:
        connection.close()


def make_drain(slot: SlotConnection, **more: Any) -> Drain:
    """With the settings of the tests; a test names what matters to it."""
    values: dict[str, Any] = {
        "loop": webhook_client.network_loop(),
        "sending": webhook_client.sending(),
        "in_flight": 64,
        "paces": Paces(settings.DELIVERY_PER_ENDPOINT),
        "hosts": Hosts(0, 0),
        "longest_request": settings.WEBHOOK_TOTAL_TIMEOUT,
        "lease": settings.DELIVERY_LEASE_SECONDS,
        "time_scale": settings.RETRY_TIME_SCALE,
        "budget": 20.0,
        "should_stop": lambda: False,
    }
    return Drain(slot=slot, **(values | more))


def drain_until(
    done: Callable[[], bool],
    *,
    seconds: float = PATIENCE,
    wakeup_url: str = "",
    **more: Any,
) -> None:
    """Run one drain in this thread until `done()`; fails when that does not come in time."""
    reached = False
    asked_at = 0.0

    def should_stop() -> bool:
        nonlocal reached, asked_at
        if time.monotonic() - asked_at > 0.02:
            reached = done()
            asked_at = time.monotonic()
        return reached

    with slot_connection(wakeup_url) as slot:
        make_drain(slot, budget=seconds, should_stop=should_stop, **more).run()
    assert reached or done(), "the drain's time was over before it happened"
