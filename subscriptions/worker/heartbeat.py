"""The cluster's heartbeat: when each part of it last worked, in shared memory that the supervisor reads.

django-q2 reports "Working" even for a cluster that does nothing. So every few seconds a task takes the way of all tasks
(`broker`), through the queue into a worker and back, and each part that handles it records the time. The supervisor
names the file in `CALLHOOKS_PULSE_FILE`; without it nothing is recorded.

No locks: a process that is killed at any moment leaves nothing to clean up. Times are in seconds of the machine's
monotonic clock, which all its processes share.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "CALLHOOKS_PULSE_FILE"
# The parts of a cluster, as positions in the file.
GUARD, TAKEN, FINISHED, RESULT = range(4)
_TIMES = struct.Struct("4d")
_ONE = struct.Struct("d")


@dataclass(frozen=True, slots=True)
class Times:
    """When each part last worked; 0 for never.

    guard: the process that replaces dead workers made a round.
    taken: a worker took a task, or a drain made a round.
    finished: a worker finished a task.
    result: the monitor took a result.
    """

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
    def create(path: str | Path) -> Heartbeat:
        """A new file in which no part has worked yet."""
        Path(path).write_bytes(bytes(_TIMES.size))
        return Heartbeat(path)

    def record(self, *parts: int) -> None:
        now = time.monotonic()
        for part in parts:
            _ONE.pack_into(self._memory, part * _ONE.size, now)

    def times(self) -> Times:
        return Times(*_TIMES.unpack_from(self._memory))


def _open_from_environment() -> Heartbeat | None:
    try:
        return Heartbeat(os.environ[VARIABLE])
    except (KeyError, OSError, ValueError):
        return None


_heartbeat = _open_from_environment()
enabled = _heartbeat is not None  # whether a supervisor reads it


def record(*parts: int) -> None:
    """Record that these parts of our cluster worked just now."""
    if _heartbeat is not None:
        _heartbeat.record(*parts)


def reset() -> None:
    """Call it when the cluster starts: times that an earlier cluster recorded no longer count."""
    record(GUARD, TAKEN, FINISHED, RESULT)
