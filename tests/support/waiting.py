"""Waiting in tests for something that will happen, instead of sleeping and hoping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

T = TypeVar("T")
# Seconds until a test gives up: far more than a busy machine needs, and nothing that a test that passes waits for.
PATIENCE = 120.0


def wait_until(
    condition: Callable[[], T],
    *,
    seconds: float = PATIENCE,
    every: float = 0.02,
    meanwhile: Callable[[], object] = lambda: None,
) -> T:
    """What the condition returned when it held. Fails when it does not hold in time; the time is for busy machines."""
    give_up_at = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := condition()):
        assert time.monotonic() < give_up_at, f"{condition} did not hold within {seconds} s"
        meanwhile()
        pause.wait(every)
    return found


def lock_waiters() -> int:
    """How many other connections to this database have asked for something that is locked, and wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            # (pg_stat_activity would show the same again and again for as long as our transaction lasts.)
            "SELECT count(DISTINCT asked.pid) FROM pg_locks asked JOIN pg_locks held "
            "ON held.pid = asked.pid AND held.granted WHERE NOT asked.granted "
            "AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return int(cursor.fetchone()[0])
