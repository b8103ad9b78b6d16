"""Running a drain inside a test, until what the test waits for has happened."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings

from subscriptions.delivery import webhook_client
from subscriptions.delivery.drain import Drain
from subscriptions.delivery.slots import Bell
from subscriptions.models import Delivery


def nothing_pending() -> bool:
    return not Delivery.objects.filter(state=Delivery.State.PENDING).exists()


def drain_until(
    done: Callable[[], bool],
    *,
    seconds: float = 20.0,
    threads: int = 8,
    chores: Callable[[], object] = lambda: None,
    wakeup_url: str = "",
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

    bell = Bell(wakeup_url)
    try:
        assert bell.take_slot(64) is not None
        Drain(
            bell=bell,
            send=webhook_client.send,
            threads=threads,
            per_endpoint=settings.DELIVERY_PER_ENDPOINT,
            longest_request=settings.WEBHOOK_TOTAL_TIMEOUT,
            lease=settings.DELIVERY_LEASE_SECONDS,
            time_scale=settings.RETRY_TIME_SCALE,
            budget=seconds,
            should_stop=should_stop,
            chores=chores,
        ).run()
    finally:
        bell.close()
    assert reached or done(), "the drain's time was over before it happened"
