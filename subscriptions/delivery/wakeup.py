"""Waking a drain after a commit: a NOTIFY to the one drain that a company's events wake, or Valkey, where there is one.
Where none runs, the worker is asked to start one.

Losing a wake-up, or waking a slot that nobody holds at the moment, costs time, never an event: each drain looks by
itself every second, and a schedule makes sure each minute that drains run.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction

from ..database.beside_commit import BesideCommit
from ..database.prepared import prepared_cursor
from .news import News
from .slots import channel_of

logger = logging.getLogger(__name__)

# A NOTIFY is a commit of its own, and PostgreSQL lets one at a time through. So it does not wait for the disk, which is
# most of a commit: a crash may take it along, as any wake-up may be lost. The setting ends with the statement, which is
# a transaction of its own; in somebody else's transaction it is left as it is.
_NOTIFY = "SELECT pg_notify(%s::text, %s::text)"
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
    for slot, news in _news(companies).items():
        wake_ups = (hook for _, hook, *_ in connection.run_on_commit if isinstance(hook, _WakeUp))
        known = next((wake_up for wake_up in wake_ups if wake_up.slot == slot), None)
        if known is None:
            kind = _WakeUp if settings.WAKEUP_URL else _Notify
            transaction.on_commit(kind(slot, news))
        else:
            known.news |= news


@dataclass
class _WakeUp:
    slot: int
    news: News

    def __call__(self) -> None:
        wake(self.slot, self.news)


@dataclass
class _Notify(_WakeUp, BesideCommit):
    """A wake-up that is sent along with the commit."""

    def statement(self) -> tuple[str, Sequence[str]]:
        return _NOTIFY_WITHOUT_WAIT, [channel_of(self.slot), self.news.payload()]

    def __call__(self) -> None:
        if self.is_sent:
            _look_for_drains()
        else:
            wake(self.slot, self.news)


def _news(companies: Iterable[int] | None) -> dict[int, News]:
    """For each slot."""
    drains: int = settings.DELIVERY_DRAINS
    if companies is None:
        return dict.fromkeys(range(1, drains + 1), News(everywhere=True))
    found: dict[int, News] = {}
    for company in sorted(set(companies)):
        slot = 1 + company % drains
        found[slot] = found.get(slot, News()) | News(frozenset({company}))
    return found


def wake_all() -> None:
    """Wake every drain now."""
    for slot, news in _news(None).items():
        wake(slot, news)


def _tell_valkey(channel: str, payload: str) -> bool:
    # Its library is an eighth of what a process loads when it starts, and most installations have no Valkey.
    from . import valkey

    return valkey.publish(settings.WAKEUP_URL, channel, payload)


def wake(slot: int, news: News) -> None:
    """Wake the drain in this slot now. Never raises: the caller's data is committed already."""
    channel, payload = channel_of(slot), news.payload()
    try:
        if not (settings.WAKEUP_URL and _tell_valkey(channel, payload)):
            with prepared_cursor() as cursor:
                cursor.execute(_NOTIFY if connection.in_atomic_block else _NOTIFY_WITHOUT_WAIT, [channel, payload])
    except (DatabaseError, InterfaceError):  # the latter of a connection that was cut
        logger.warning("The wake-up after a commit did not get through; the next sweep delivers.", exc_info=True)
        return
    _look_for_drains()


def _look_for_drains() -> None:
    """Never raises, as `wake`."""
    now = time.monotonic()
    if now - getattr(_state, "looked_at", -LOOK_EVERY_SECONDS) < LOOK_EVERY_SECONDS:
        return
    _state.looked_at = now
    try:
        for start_missing_drains in _starters:
            start_missing_drains()
    except (DatabaseError, InterfaceError):
        logger.warning("Whether drains run could not be looked at; the next sweep does.", exc_info=True)
