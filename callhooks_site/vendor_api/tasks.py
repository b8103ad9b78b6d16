"""What django-q2 runs once a minute. It may run twice, or be lost: the next one goes on."""

from __future__ import annotations

from subscriptions.worker import stop_flag

from . import totals_upkeep

# The cluster has one worker besides those of the drains: sweeps wait at most this long.
RUN_SECONDS = 15.0


def count_calls() -> None:
    totals_upkeep.keep_up(seconds=RUN_SECONDS, stopping=stop_flag.stopping)
