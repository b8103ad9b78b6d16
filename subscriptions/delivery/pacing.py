"""How long what comes one by one waits for others. Pure.

A claim, and a write of outcomes, costs a commit and the steps of three threads, whether it is for one delivery or for
ten. So the more one of them was for, the longer the next one waits for more.
"""

from __future__ import annotations

LEAST_SECONDS = 0.02
LONGEST_SECONDS = 0.06
# From so many a second on it waits longer than the least. Not by how long a claim takes: beside the flood of another
# company all take long, and whoever has one event would wait for that.
MANY_A_SECOND = 150


def seconds_between(number: int) -> float:
    """From the beginning of one to that of the next, where one was for so many."""
    return min(LONGEST_SECONDS, max(LEAST_SECONDS, number / MANY_A_SECOND))
