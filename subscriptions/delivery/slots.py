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
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

import psycopg
from django.db import connection

from ..database.parameters import driver_parameters
from .news import News

if TYPE_CHECKING:
    from .valkey import Listener

# Each slot has a channel of its own, so that one commit wakes one drain.
CHANNEL = "callhooks_deliveries_{slot}"
# The first half of the two-part advisory lock, "CHKS" in ASCII; the second is the slot's number.
LOCK_CLASS = 0x43484B53
# A queued task that nothing has begun by then is taken for lost, and another is queued. Surplus ones end at once.
QUEUED_FOR_SECONDS = 10
# How long a successor waits: the handover's three seconds and what is usually still under way then.
WAIT_SECONDS = 8.0
WAIT_STEP_SECONDS = 0.05
# Those who wait for a slot hold a lock too, numbered from here.
WAITING = 1000
HANDING_OVER = 2000
_MORE_WAIT_THAN_ARE_FREE = f"""
SELECT count(*) FILTER (WHERE objid > {WAITING}) > %s - count(*) FILTER (WHERE objid < {WAITING})
  FROM pg_locks
 WHERE locktype = 'advisory' AND classid = {LOCK_CLASS} AND objid < {HANDING_OVER} AND objsubid = 2 AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
# For a session of the cluster: within 12 seconds PostgreSQL notices that the other side is gone. The next look at
# missing drains then fills its slot, so that it moves in half a minute, also on busy machines. (libpq's keepalives only
# tell the client of a server that is gone.) Without a meaning on a Unix socket, and harmless.
SERVER_NOTICES = (
    "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 4; SET tcp_keepalives_count = 2; "
    "SET tcp_user_timeout = 12000"
)


def channel_of(slot: int) -> str:
    return CHANNEL.format(slot=slot)


class SlotConnection:
    """A connection of its own that holds a slot and hears its wake-ups; with `wakeup_url`, a Valkey's too."""

    def __init__(self, wakeup_url: str = "") -> None:
        parameters = driver_parameters(connection.settings_dict, application_name="callhooks drain")
        self._connection = psycopg.connect(**parameters, autocommit=True)
        # It is the server that must notice a machine that vanished from the network: the slot's lock is held there.
        self._connection.execute(SERVER_NOTICES)
        self._wakeup_url = wakeup_url
        self._listener: Listener | None = None
        self.slot: int | None = None
        self.slots = 0  # of which it is one

    def take_slot(self, slots: int) -> int | None:
        """The number of a slot that is ours until this connection closes, or None when all are taken."""
        number = self._take_lock(range(1, slots + 1))
        if number is not None:
            self._begin(number, slots)
        return number

    def _begin(self, number: int, slots: int) -> None:
        self.slot, self.slots = number, slots
        self._connection.execute(f"LISTEN {channel_of(number)}")
        if self._wakeup_url and self._listener is None:
            from .valkey import Listener  # its library takes long to load, and most installations have no Valkey

            self._listener = Listener(self._wakeup_url, channel_of(number))
        self._connection.execute(
            "INSERT INTO subscriptions_drainslot (number, host, pid, started_at, beat_at) "
            "VALUES (%s, %s, %s, clock_timestamp(), clock_timestamp()) ON CONFLICT (number) DO UPDATE SET "
            "host = excluded.host, pid = excluded.pid, started_at = excluded.started_at, "
            "beat_at = excluded.beat_at",
            [number, socket.gethostname()[:100], os.getpid()],
        )

    def wait_for_slot(self, slots: int, *, should_stop: Callable[[], bool]) -> int | None:
        """A slot as soon as one is free, within `WAIT_SECONDS`: a drain that hands over frees its own by then. None at
        once when as many wait already as there are slots: tasks that django-q2 runs again would fill the workers."""
        if (slot := self.take_slot(slots)) is not None:
            return slot
        place = self._take_lock(range(WAITING + 1, WAITING + slots + 1))
        if place is None:
            return None
        give_up_at = time.monotonic() + WAIT_SECONDS
        while (slot := self._take_lock(range(1, slots + 1))) is None:
            if should_stop() or time.monotonic() > give_up_at:
                return None
            time.sleep(WAIT_STEP_SECONDS)
        self._unlock(place)  # first of all: whoever waits no longer lets no other drain leave
        self._begin(slot, slots)
        return slot

    def _take_lock(self, numbers: Iterable[int]) -> int | None:
        """The first of these that is ours now, None when all are taken."""
        for number in numbers:
            row = self._connection.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, number]).fetchone()
            if row is not None and row[0]:
                return number
        return None

    def hand_over(self) -> bool:
        """Free the slot if somebody waits for one and no other is free for them. One drain asks at a time, or two
        would leave for the same successor; who has to wait for another asks again later."""
        if self._take_lock([HANDING_OVER]) is None:
            return False
        try:
            row = self._connection.execute(_MORE_WAIT_THAN_ARE_FREE, [self.slots]).fetchone()
            if row is None or not row[0]:
                return False
            self.leave_slot()
            return True
        finally:
            self._unlock(HANDING_OVER)

    def leave_slot(self) -> None:
        """Free the slot for the successor, whose the wake-ups are from now on."""
        if self.slot is not None:
            self._unlock(self.slot)
            self.slot = None

    def _unlock(self, number: int) -> None:
        self._connection.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, number])

    def record_heartbeat(self) -> None:
        if self._listener is not None:
            self._listener.tend()
        self._connection.execute(
            "UPDATE subscriptions_drainslot SET beat_at = clock_timestamp() WHERE number = %s", [self.slot]
        )

    def descriptors(self) -> set[int]:
        """What to wait on for a wake-up. They change when a lost Valkey comes back: ask before each wait."""
        theirs = self._listener.descriptor() if self._listener is not None else None
        return {self._connection.fileno()} | ({theirs} if theirs is not None else set())

    def news(self) -> News:
        """What wake-ups said since the last look. Does not wait."""
        payloads = [notify.payload for notify in self._connection.notifies(timeout=0)]
        if self._listener is not None:
            payloads += self._listener.heard()
        return News.read(payloads)

    def close(self) -> None:
        """What it held is free when this returns: the server would see the end of the connection some time later, and
        who looks for free slots meanwhile would find none."""
        if self._listener is not None:
            self._listener.close()
        with suppress(psycopg.Error):  # of a connection that is lost: its locks went with it
            self._connection.execute("SELECT pg_advisory_unlock_all()")
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
        cursor.execute("UPDATE subscriptions_drainslot SET queued_at = clock_timestamp() WHERE number = %s", [number])


def slot_begun(number: int) -> None:
    """The queued task of this slot has begun: the next one may be queued when it is needed."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE subscriptions_drainslot SET queued_at = NULL WHERE number = %s", [number])
