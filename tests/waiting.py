"""Waiting in tests for something that will happen, instead of sleeping and hoping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], *, seconds: float = 10.0, every: float = 0.05) -> None:
    """Fails when the condition does not hold in time."""
    give_up_at = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < give_up_at, f"{condition} did not hold within {seconds} s"
        pause.wait(every)
