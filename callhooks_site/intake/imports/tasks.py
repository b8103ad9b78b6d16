"""What django-q2 runs for imports: no arguments, no results; a task that runs twice, or never, changes no outcome."""

from __future__ import annotations

import time

from subscriptions.worker import stop_flag

from . import jobs, schedules

# The cluster has one worker beside those of the drains: sweeps and drains that begin wait no longer than this.
RUN_SECONDS = 20.0


def work() -> None:
    """Move imports on, in turn, and leave the rest to a next task."""
    jobs.drop_forgotten()
    ends_at = time.monotonic() + RUN_SECONDS
    while jobs.step():
        if stop_flag.stopping():
            return  # the schedule begins again after the restart
        if time.monotonic() >= ends_at:
            schedules.queue()
            return
