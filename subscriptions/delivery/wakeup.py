"""Waking the drains after a commit: a NOTIFY for those that run (or Valkey, where there is one). Where none runs, the
worker is asked to start one.

Losing a wake-up costs time, never an event: a drain looks by itself every second, and a schedule makes sure each
minute that drains run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from . import valkey
from .slots import CHANNEL

logger = logging.getLogger(__name__)

# A NOTIFY is a commit of its own, and PostgreSQL lets one at a time through. So it does not wait for the disk, which is
# most of a commit: a crash may take it along, as any wake-up may be lost. What is sent together is one transaction, and
# `SET LOCAL` ends with it.
NOTIFY = f"SET LOCAL synchronous_commit TO off; NOTIFY {CHANNEL}"
# Between two looks at whether drains run at all, per thread: a look costs a query, and a drain lives for a minute.
LOOK_EVERY_SECONDS = 5.0
_state = threading.local()
_starters: list[Callable[[], None]] = []


def register(start_missing_drains: Callable[[], None]) -> None:
    """Say what starts drains where none run (`worker/drains.py`). Called in `AppConfig.ready`."""
    _starters[:] = [start_missing_drains]


def after_commit() -> None:
    """Wake the drains when the current transaction has committed, once however often this is called in it."""
    if not any(hook[1] is wake for hook in connection.run_on_commit):
        transaction.on_commit(wake)


def wake() -> None:
    """Wake the drains now. Never raises: the caller's data is committed already."""
    try:
        if not (settings.WAKEUP_URL and valkey.publish(settings.WAKEUP_URL)):
            with connection.cursor() as cursor:
                cursor.execute(f"NOTIFY {CHANNEL}" if connection.in_atomic_block else NOTIFY)
        now = time.monotonic()
        if now - getattr(_state, "looked_at", -LOOK_EVERY_SECONDS) >= LOOK_EVERY_SECONDS:
            _state.looked_at = now
            for start_missing_drains in _starters:
                start_missing_drains()
    except (DatabaseError, InterfaceError):  # the latter of a connection that was cut
        logger.warning("The wake-up after a commit did not get through; the next sweep delivers.", exc_info=True)
