"""The pulse of a cluster: when each of its organs last did something, in memory that its supervisor reads.

django-q2's own status says "Working" of a cluster that does nothing. So the cluster feels itself: every few seconds a
task goes the way of all tasks (`broker`), through the queue into a worker and back, and leaves a time at each station.
It is the supervisor that names the file (`CALLHOOKS_PULSE_FILE`); without one nothing is felt.

There is no lock in it: whoever is killed at any moment leaves nothing behind. Times are this machine's monotonic clock,
which all its processes share.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "CALLHOOKS_PULSE_FILE"
GUARD, TAKEN, FINISHED, RESULT = range(4)
_TIMES = struct.Struct("4d")
_ONE = struct.Struct("d")


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of the monotonic clock; 0 for never. `guard`: the guard that replaces dead workers made a round.
    `taken`: a worker took a task, or a drain made a round. `finished`: a worker finished a task. `result`: the monitor
    took a result."""

    guard: float
    taken: float
    finished: float
    result: float


class Heartbeat:
    def __init__(self, path: str | Path) -> None:
        """Raises OSError, or ValueError for a file that is too short."""
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _TIMES.size)

    @staticmethod
    def make(path: str | Path) -> Heartbeat:
        """A new one, all of it silent."""
        Path(path).write_bytes(bytes(_TIMES.size))
        return Heartbeat(path)

    def record(self, *organs: int) -> None:
        now = time.monotonic()
        for organ in organs:
            _ONE.pack_into(self._memory, organ * _ONE.size, now)

    def times(self) -> Times:
        return Times(*_TIMES.unpack_from(self._memory))


def _ours() -> Heartbeat | None:
    try:
        return Heartbeat(os.environ[VARIABLE])
    except (KeyError, OSError, ValueError):
        return None


_heartbeat = _ours()
enabled = _heartbeat is not None  # whether anybody reads it


def record(*organs: int) -> None:
    """This organ of our cluster has done something just now."""
    if _heartbeat is not None:
        _heartbeat.record(*organs)


def reset() -> None:
    """The cluster starts: what an earlier one left counts no more."""
    record(GUARD, TAKEN, FINISHED, RESULT)
