"""Whether the replica may be read now: this process looks at it once a second at most, while somebody wants to read."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import Error, NotSupportedError, ProgrammingError, connections, transaction

from ..counters.known import REPLICA_LAG_SECONDS
from ..database.replica_state import BY_ADDRESS, BY_SYSTEM, Lateness, Primary, Replica
from .names import PRIMARY, REPLICA

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
# One that is away is not tried by every request: each would wait for the connection.
AWAY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`outcome`: as the metric has it; `replica` if it may be read. `late`: seconds, at most. `text`: for the log."""

    outcome: str
    late: float = 0.0
    text: str = ""

    @property
    def usable(self) -> bool:
        return self.outcome == REPLICA


class Watch:
    """What one process knows of its replica."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._verdict = Verdict("unknown")
        self._look_at = 0.0
        self._lateness = Lateness(0)
        self._queries = BY_SYSTEM

    def judge(self) -> Verdict:
        """Those who come while somebody looks get what was known before."""
        if time.monotonic() < self._look_at or not self._lock.acquire(blocking=False):
            return self._verdict
        try:
            self._settle(self._look())
        finally:
            self._lock.release()
        return self._verdict

    def note_failure(self, error: Error) -> None:
        """A query failed there. For a while the primary is asked."""
        with self._lock:
            self._settle(_away(error))

    def _settle(self, verdict: Verdict) -> None:
        if verdict.outcome != self._verdict.outcome:
            if verdict.usable:
                logger.info("Reports are read from the replica, which is %.1f s late.", verdict.late)
            else:
                logger.warning("Reports are read from the primary. %s", verdict.text)
        self._verdict = verdict
        self._look_at = time.monotonic() + (AWAY_SECONDS if verdict.outcome == "away" else LOOK_SECONDS)

    def _look(self) -> Verdict:
        primary = Primary.read(self._ask_primary())
        try:
            with connections[REPLICA].cursor() as cursor:
                cursor.execute(self._queries.replica)
                replica = Replica.read(cursor.fetchone())
        except Error as error:
            return _away(error)
        if not replica.recovering or replica.identity != primary.identity:
            return Verdict(
                "wrong",
                text="DATABASE_REPLICA_URL leads to a server that is no replica of our database: it is the primary "
                "itself, was promoted, or belongs to another installation.",
            )
        most = settings.DATABASE_REPLICA_LAG_SECONDS
        self._lateness.kept = most + 10 * LOOK_SECONDS
        late = self._lateness.seconds(primary, replica)
        if late is not None:
            REPLICA_LAG_SECONDS.observe(late)
        if late is None or late > most:
            behind = "It is not known how late the replica is" if late is None else f"The replica is {late:.0f} s late"
            return Verdict("late", text=f"{behind}; DATABASE_REPLICA_LAG_SECONDS allows {most:g}.")
        return Verdict(REPLICA, late)

    def _ask_primary(self) -> tuple[str, ...]:
        with connections[PRIMARY].cursor() as cursor:
            try:
                with transaction.atomic(using=PRIMARY):
                    cursor.execute(self._queries.primary)
            except (ProgrammingError, NotSupportedError):
                self._queries = BY_ADDRESS
                cursor.execute(self._queries.primary)
            return tuple(cursor.fetchone())


def _away(error: Error) -> Verdict:
    connections[REPLICA].close()
    return Verdict("away", text=f"The replica does not answer: {str(error).strip()}")
