"""Adds what this process counted to the table.

Invariants
- What was counted is written once: it is taken out of memory first, and put back when it could not be written.
- Nobody waits for it: the statement is a transaction of its own, which waits half a second for a row at most and not
  for the disk. No client holds its locks, so a frozen process holds up no other.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time

from django.db import DatabaseError, InterfaceError, connection

from . import memory

logger = logging.getLogger(__name__)

WRITE_SECONDS = 5.0  # what a killed process loses, and how late a scrape may be
# A thread that has had nothing to write for so long gives its connection back.
IDLE_SECONDS = 60.0

# In the order of the key, so that two processes cannot wait for each other.
_WRITE = """
WITH quick AS MATERIALIZED (
    SELECT set_config('lock_timeout', '500ms', true), set_config('synchronous_commit', 'off', true)
)
INSERT INTO subscriptions_countedvalue AS c (name, labels, "values")
SELECT g.name, g.labels, g.added
  FROM quick CROSS JOIN jsonb_to_recordset(%s::jsonb) AS g (name text, labels text[], added float8[])
 ORDER BY g.name, g.labels
    ON CONFLICT (name, labels) DO UPDATE SET "values" = ARRAY(
       SELECT coalesce(x, 0) + coalesce(y, 0)
         FROM unnest(c."values", excluded."values") WITH ORDINALITY AS t (x, y, n) ORDER BY n)
"""

_wanted = False  # whether a thread of this process may write
_thread: threading.Thread | None = None
_written_at = time.monotonic()


def write() -> bool:
    """Write all that was counted. Never raises for the database: what it did not take is kept. Returns whether there
    was something to write, and it is written."""
    global _written_at
    _written_at = time.monotonic()
    counted = memory.take()
    if not counted:
        return False
    rows = [{"name": name, "labels": labels, "added": values} for (name, labels), values in counted.items()]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [json.dumps(rows)])
    except (DatabaseError, InterfaceError) as error:
        memory.put_back(counted)
        logger.warning("Metrics could not be written; they are counted on: %s", error)
        return False
    return True


def write_seldom() -> None:
    """For loops of a process: writes if it has not for WRITE_SECONDS."""
    if time.monotonic() - _written_at >= WRITE_SECONDS:
        write()


def allow_thread() -> None:
    """For web servers: from the first call of `ensure_thread` on, a thread of each process writes."""
    global _wanted
    _wanted = True


def ensure_thread() -> None:
    """Cheap: called with every request."""
    global _thread
    if _wanted and _thread is None:
        _thread = threading.Thread(target=_keep_writing, name="metrics", daemon=True)
        _thread.start()


def _keep_writing() -> None:
    pause = threading.Event()
    last_used = time.monotonic()
    while not pause.wait(WRITE_SECONDS):
        connection.close_if_unusable_or_obsolete()
        if write():
            last_used = time.monotonic()
        elif time.monotonic() - last_used > IDLE_SECONDS:
            connection.close()


def _forget_thread() -> None:
    """A forked process has none of its parent's threads."""
    global _thread
    _thread = None


os.register_at_fork(after_in_child=_forget_thread)
