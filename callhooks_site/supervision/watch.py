"""Does the cluster work? The supervisor asks its heartbeat, because its own status cannot be trusted."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psycopg
from django.db import connection

from subscriptions.database.parameters import driver_parameters
from subscriptions.worker.heartbeat import Heartbeat, Times

DATABASE_TIMEOUT = 2  # seconds


class Watch:
    """Context manager around a heartbeat file; `healthy` says whether the cluster works. Times are in seconds.

    A part that records nothing for `silent_for` is unhealthy, but only while the database answers. Without a database
    no cluster can work, a restart does not help, and it would lose the outcomes that drains hold in memory.
    """

    def __init__(self, *, silent_for: float, database_answers: Callable[[], bool] | None = None) -> None:
        self._silent_for = silent_for
        self._database_answers = database_answers or check_database
        self._excused_until = 0.0
        self.problem = ""

    def __enter__(self) -> Watch:
        handle, name = tempfile.mkstemp(prefix="callhooks-heartbeat-")
        os.close(handle)
        self.path = Path(name)
        self._heartbeat = Heartbeat.create(self.path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.path.unlink(missing_ok=True)

    def healthy(self) -> bool:
        self.problem = find_stall(self._heartbeat.times(), self._excused_until, time.monotonic(), self._silent_for)
        if self.problem and not self._database_answers():
            self._excused_until = time.monotonic()
            self.problem = ""
        return not self.problem


def find_stall(times: Times, excused_until: float, now: float, limit: float) -> str:
    """What has recorded nothing for longer than `limit` seconds, in words; empty when all is well."""
    if now - max(times.guard, excused_until) > limit:
        return "its guard has stopped"
    if now - max(times.taken, excused_until) > limit:
        return "no worker takes a task"
    if times.finished - max(times.result, excused_until) > limit:
        return "nobody takes the results"
    return ""


def check_database() -> bool:
    parameters = driver_parameters(
        connection.settings_dict, connect_timeout=DATABASE_TIMEOUT, application_name="callhooks supervisor"
    )
    try:
        with psycopg.connect(**parameters, autocommit=True) as probe:
            probe.execute(f"SET statement_timeout = '{DATABASE_TIMEOUT}s'")
            probe.execute("SELECT 1 FROM django_q_ormq LIMIT 1")
    except psycopg.Error:
        return False
    return True
