"""Waiting for another thread, and for descriptors beside it."""

from __future__ import annotations

import os
import select
from collections.abc import Collection


def wait_readable(told: int, others: Collection[int], timeout: float) -> None:
    """Until the eventfd `told` is written to, or one of the others can be read, or `timeout` seconds are over. Resets
    the eventfd."""
    poll = select.poll()  # not select(), which takes no descriptor above 1,023
    for descriptor in (told, *others):
        poll.register(descriptor, select.POLLIN)
    ready = {descriptor for descriptor, _ in poll.poll(max(0.0, timeout) * 1000)}
    if told in ready:
        os.eventfd_read(told)
