"""The task that django-q2 runs for erasures. It may run twice, or be lost: the next one continues."""

from __future__ import annotations

import time

from subscriptions.worker import stop_flag

from . import jobs, schedules

# The cluster has one worker besides those of the drains: sweeps and new drains wait at most this long.
RUN_SECONDS = 20.0


def work() -> None:
    """Work on erasures in turn for RUN_SECONDS, and leave the rest to the next task."""
    ends_at = time.monotonic() + RUN_SECONDS
    while jobs.run_step():
        if stop_flag.stopping():
            return  # the schedule continues after the restart
        if time.monotonic() >= ends_at:
            schedules.queue()
            return
