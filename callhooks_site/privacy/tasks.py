"""The task that django-q2 runs for erasures. It may run twice, or be lost: the next one continues."""

from __future__ import annotations

import time
from collections.abc import Iterator

from subscriptions.worker import stop_flag

from . import jobs, schedules

# The cluster has one worker besides those of the drains: sweeps and new drains wait at most this long.
RUN_SECONDS = 20.0


def work() -> None:
    """Work on erasures in turn for RUN_SECONDS, and leave the rest to the next task. Raises StepFailed at the end, so
    that the Service page shows it among the failed tasks."""
    if failed := list(_take_steps()):
        raise jobs.StepFailed(" ".join(failed))


def _take_steps() -> Iterator[str]:
    """What is to be told of those that failed."""
    ends_at = time.monotonic() + RUN_SECONDS
    more = True
    while more:
        try:
            more = jobs.run_step()
        except jobs.StepFailed as error:
            yield str(error)
        if stop_flag.stopping():
            return  # the schedule continues after the restart
        if more and time.monotonic() >= ends_at:
            schedules.queue()
            return
