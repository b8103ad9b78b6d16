"""Waking a drain after a commit: a NOTIFY to the one drain that a company's events wake, or Valkey, where there is one.
Where none runs, the worker is asked to start one.

Losing a wake-up, or waking a slot that nobody holds at the moment, costs time, never an event: each drain looks by
itself every second, and a schedule makes sure each minute that drains run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from ..database.prepared import prepared_cursor
from . import valkey
from .slots import channel_of

logger = logging.getLogger(__name__)

# A NOTIFY is a commit of its own, and PostgreSQL lets one at a time through. So it does not wait for the disk, which is
# most of a commit: a crash may take it along, as any wake-up may be lost. The setting ends with the statement, which is
# a transaction of its own; in somebody else's transaction it is left as it is.
_NOTIFY = "SELECT pg_notify(%s::text, '')"
_NOTIFY_WITHOUT_WAIT = f"{_NOTIFY}, set_config('synchronous_commit', 'off', true)"
# Between two looks at whether drains run at all, per thread: a look costs a query, and a drain lives for a minute.
LOOK_EVERY_SECONDS = 5.0
_state = threading.local()
_starters: list[Callable[[], None]] = []


def register(start_missing_drains: Callable[[], None]) -> None:
    """Say what starts drains where none run (`worker/drains.py`). Called in `AppConfig.ready`."""
    _starters[:] = [start_missing_drains]


def after_commit(companies: Iterable[int] | None = None) -> None:
    """When the current transaction has committed, wake the drains of these companies' events; without companies, all.
    Once for each drain, however often this is called in the transaction."""
    for slot in _slots(companies):
        if not any(getattr(hook[1], "slot", None) == slot for hook in connection.run_on_commit):
            wake_it = partial(wake, slot)
            wake_it.slot = slot  # type: ignore[attr-defined]
            transaction.on_commit(wake_it)


def _slots(companies: Iterable[int] | None) -> list[int]:
    drains: int = settings.DELIVERY_DRAINS
    if companies is None:
        return list(range(1, drains + 1))
    return sorted({1 + company % drains for company in companies})


def wake_all() -> None:
    """Wake every drain now."""
    for slot in _slots(None):
        wake(slot)


def wake(slot: int) -> None:
    """Wake the drain in this slot now. Never raises: the caller's data is committed already."""
    channel = channel_of(slot)
    try:
        if not (settings.WAKEUP_URL and valkey.publish(settings.WAKEUP_URL, channel)):
            with prepared_cursor() as cursor:
                cursor.execute(_NOTIFY if connection.in_atomic_block else _NOTIFY_WITHOUT_WAIT, [channel])
        now = time.monotonic()
        if now - getattr(_state, "looked_at", -LOOK_EVERY_SECONDS) >= LOOK_EVERY_SECONDS:
            _state.looked_at = now
            for start_missing_drains in _starters:
                start_missing_drains()
    except (DatabaseError, InterfaceError):  # the latter of a connection that was cut
        logger.warning("The wake-up after a commit did not get through; the next sweep delivers.", exc_info=True)
