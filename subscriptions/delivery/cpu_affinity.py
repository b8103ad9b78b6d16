"""Keeping a drain on one processor core.

Of a Python process's threads one runs at a time. Spread over cores, with a hundred microseconds of work between two
waits, they spend more time handing the interpreter to each other from core to core than on the work: a request costs
three to five times as much. On one core they do not, and a drain could not use more than one anyway.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def core_of(number: int) -> int | None:
    """The core for the drain in a slot, so that drains spread over the machine; None where there is no choice."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[number % len(allowed)] if len(allowed) > 1 else None


def stay_on(core: int | None) -> None:
    """From now on this thread runs there, and the threads that it starts."""
    if core is not None:
        with suppress(OSError):  # the core was taken from us meanwhile: then we run where we may
            os.sched_setaffinity(0, {core})


@contextmanager
def staying_on(core: int | None) -> Iterator[None]:
    """As `stay_on`, until the end of the block."""
    before = os.sched_getaffinity(0) if core is not None else set()
    stay_on(core)
    try:
        yield
    finally:
        if core is not None:
            with suppress(OSError):
                os.sched_setaffinity(0, before)
