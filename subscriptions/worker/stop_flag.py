"""One byte of memory that the processes of a cluster share: has it been asked to stop?

django-q2 tells its workers nothing of a SIGTERM; it waits for their tasks. The byte is made when this module is first
imported, which the cluster's main process does before it forks, so that a drain sees the stop and ends its task. There
is no lock in it: a worker that is killed at any moment leaves nothing behind.
"""

from __future__ import annotations

import mmap

_stopping = mmap.mmap(-1, 1)


def stop() -> None:
    _stopping[0] = 1


def stopping() -> bool:
    return bool(_stopping[0])
