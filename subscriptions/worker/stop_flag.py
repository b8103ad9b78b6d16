"""A flag that the processes of a cluster share: has the cluster been asked to stop?

django-q2 does not tell its workers about a SIGTERM; it waits for their tasks. The flag is one byte of shared memory,
allocated when this module is first imported: the cluster's main process does so before it forks, and a running drain
then sees the request and ends. No locks: a worker that is killed leaves nothing to clean up.
"""

from __future__ import annotations

import mmap

_stopping = mmap.mmap(-1, 1)


def stop() -> None:
    _stopping[0] = 1


def stopping() -> bool:
    return bool(_stopping[0])
