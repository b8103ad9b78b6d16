"""Read from the replica where that is possible, otherwise from the primary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.db import Error, connections

from ..counters.known import REPLICA_READS
from .looks import Watch
from .names import REPLICA
from .router import database_for_reads, on_replica

T = TypeVar("T")

watch = Watch()


def read_connection() -> Any:
    """Django's connection for statements written by hand that only read: the replica's within a `Reader`."""
    return connections[database_for_reads()]


class Reader:
    """Of one page or file. Once it has asked the primary it goes on there: what was found in it may not have reached
    the replica yet.

    `late`: seconds, at most, that what was read is late; None if it came from the primary."""

    def __init__(self) -> None:
        self.late: float | None = None
        self._try_replica = REPLICA in settings.DATABASES

    def read(self, do: Callable[[], T]) -> T:
        """The answer of `do`, which reads only, and may be called twice: a query that fails at the replica (it was
        stopped, or the primary has taken away rows that the query was reading) is asked of the primary."""
        if not self._try_replica:
            return do()
        verdict = watch.judge()
        outcome = verdict.outcome
        if verdict.usable:
            mark = on_replica.set(True)
            try:
                answer = do()
            except Error as error:
                outcome = "failed"
                watch.note_failure(error)
            else:
                REPLICA_READS.add(outcome)
                self.late = max(self.late or 0.0, verdict.late)
                return answer
            finally:
                on_replica.reset(mark)
        REPLICA_READS.add(outcome)
        self._try_replica = False
        self.late = None
        return do()
