"""Finding the processes to kill, in /proc and in the log of a cluster."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from pathlib import Path

# What a worker and the monitor that wait for something in a queue sleep in, holding the queue's lock.
READING_A_PIPE = "pipe_read"
_ROLES = re.compile(r"(ready for work|monitoring|pushing tasks) at (\d+)")


@dataclass
class Cluster:
    """The processes of one qcluster, as they are now."""

    main: int
    sentinel: int | None = None
    workers: list[int] = field(default_factory=list)
    monitor: int | None = None

    def queue_holder(self) -> int | None:
        """The idle worker that has the lock of the task queue."""
        return next((pid for pid in self.workers if READING_A_PIPE in _waits_in(pid)), None)


def cluster_of(supervisor: int, log: Path) -> Cluster | None:
    """The cluster that this supervisor looks after; None while there is none."""
    main = next(iter(children(supervisor)), None)
    if main is None:
        return None
    cluster = Cluster(main, next(iter(children(main)), None))
    below = children(cluster.sentinel) if cluster.sentinel else []
    roles = dict(reversed(found) for found in _ROLES.findall(log.read_text(errors="replace")))
    for pid in below:
        role = roles.get(str(pid), "")
        if role == "ready for work":
            cluster.workers.append(pid)
        elif role == "monitoring":
            cluster.monitor = pid
    return cluster


def children(pid: int) -> list[int]:
    """In the order of their birth."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _waits_in(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/wchan").read_text()
    return ""
