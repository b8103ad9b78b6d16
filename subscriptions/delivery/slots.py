"""Places for running drains, kept by PostgreSQL, and the connection that waits for wake-ups.

Invariants
- A drain holds its slot by a session lock on its own connection. The process dies: the connection ends and the slot
  is free, at once and on whatever machine. No clock is asked.
- The heartbeat in the slot's row is for people and health checks; nothing is decided by it here.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection

CHANNEL = "callhooks_deliveries"
# The first half of the two-part advisory lock, "CHKS" in ASCII; the second is the slot's number.
LOCK_CLASS = 0x43484B53
# A queued task that nothing has begun by then is taken for lost, and another is queued. Surplus ones end at once.
QUEUED_FOR_SECONDS = 10
# How long a successor waits: the handover's three seconds and what is usually still under way then.
WAIT_SECONDS = 8.0
WAIT_STEP_SECONDS = 0.05


class Bell:
    """A connection of its own that holds a slot and hears wake-ups."""

    def __init__(self) -> None:
        parameters: dict[str, Any] = connection.get_connection_params()
        for ours in ("cursor_factory", "context", "prepare_threshold", "client_encoding"):
            parameters.pop(ours, None)
        parameters.update(
            application_name="callhooks drain",
            # A machine that vanished from the network frees its slot within half a minute.
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )
        self._connection = psycopg.connect(**parameters, autocommit=True)
        self._connection.execute(f"LISTEN {CHANNEL}")
        self.slot: int | None = None

    def take_slot(self, slots: int) -> int | None:
        """The number of a slot that is ours until this connection closes, or None when all are taken."""
        for number in range(1, slots + 1):
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, number]).fetchone()
            if row is not None and row[0]:
                self.slot = number
                self._connection.execute(
                    "INSERT INTO subscriptions_drainslot (number, host, pid, started_at, beat_at) "
                    "VALUES (%s, %s, %s, clock_timestamp(), clock_timestamp()) ON CONFLICT (number) DO UPDATE SET "
                    "host = excluded.host, pid = excluded.pid, started_at = excluded.started_at, "
                    "beat_at = excluded.beat_at",
                    [number, socket.gethostname()[:100], os.getpid()],
                )
                return number
        return None

    def wait_for_slot(self, slots: int, *, should_stop: Callable[[], bool]) -> int | None:
        """A slot as soon as one is free, within `WAIT_SECONDS`: a drain that hands over frees its own by then."""
        give_up_at = time.monotonic() + WAIT_SECONDS
        while (slot := self.take_slot(slots)) is None:
            if should_stop() or time.monotonic() > give_up_at:
                return None
            time.sleep(WAIT_STEP_SECONDS)
        return slot

    def beat(self) -> None:
        self._connection.execute(
            "UPDATE subscriptions_drainslot SET beat_at = clock_timestamp() WHERE number = %s", [self.slot]
        )

    def fileno(self) -> int:
        return self._connection.fileno()

    def heard(self) -> bool:
        """Whether a wake-up came since the last look. Does not wait."""
        return any(True for _ in self._connection.notifies(timeout=0))

    def close(self) -> None:
        self._connection.close()


def slots_to_queue(slots: int) -> list[int]:
    """The slots that no drain holds and no fresh task is queued for; they count as queued from now on.

    Two callers at the same time do not both get a slot: the row's lock lets one pass.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO subscriptions_drainslot (number, host, queued_at) "
            "SELECT number, '', clock_timestamp() FROM generate_series(1, %s) AS number "
            "WHERE NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = %s "
            "AND objid = number AND objsubid = 2 AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) "
            "ON CONFLICT (number) DO UPDATE SET queued_at = excluded.queued_at "
            "WHERE subscriptions_drainslot.queued_at IS NULL "
            "OR subscriptions_drainslot.queued_at < clock_timestamp() - make_interval(secs => %s) "
            "RETURNING number",
            [slots, LOCK_CLASS, QUEUED_FOR_SECONDS],
        )
        return [number for (number,) in cursor.fetchall()]


def successor_queued(number: int) -> None:
    """The drain of this slot has queued the one that shall follow it: no other needs to be."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subscriptions_drainslot SET queued_at = clock_timestamp() WHERE number = %s", [number]
        )


def slot_begun(number: int) -> None:
    """The queued task of this slot has begun: the next one may be queued when it is needed."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscriptions_drainslot SET queued_at = NULL WHERE number = %s", [number])
