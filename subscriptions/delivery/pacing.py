"""How long what comes one by one waits for company. Pure.

A claim, and a write of outcomes, costs a commit and the steps of three threads, whether it is for one delivery or for
twenty. On a machine with time to spare it takes a millisecond or two; on a busy one more, and there fewer of them
leave more for everything else.
"""

from __future__ import annotations

LEAST_SECONDS = 0.02
LONGEST_SECONDS = 0.1
# A tenth of a thread's time, at most, goes to short claims, and a tenth of another to writing outcomes that come one by
# one. With 20 ms on a busy machine as well, 550 forms a second cost a third more in the cluster.
TIMES = 10


def seconds_between(took: float) -> float:
    """From the beginning of one to that of the next, where one took so many seconds."""
    return min(LONGEST_SECONDS, max(LEAST_SECONDS, TIMES * took))
