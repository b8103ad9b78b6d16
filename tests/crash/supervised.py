"""`manage.py cluster`, on the test's database, and its cluster's processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.chaos import victims
from tests.crash.cluster import ROOT, environment
from tests.support.waiting import wait_until


class Supervised:
    def __init__(self, log: Path, *, silent: float, grace: float, **changes: str) -> None:
        self.log = log
        options = ["--silent", str(silent), "--grace", str(grace)]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "cluster", *options],
                cwd=ROOT,
                env=environment(**changes),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def cluster(self) -> victims.Cluster:
        """Its processes, once all run."""
        found: list[victims.Cluster] = []

        def complete() -> bool:
            cluster = victims.cluster_of(self.process.pid, self.log)
            if cluster is None or cluster.monitor is None or len(cluster.workers) < 2:
                return False
            found.append(cluster)
            return True

        wait_until(complete)
        return found[-1]

    def queue_holder(self) -> int:
        """The idle worker that holds the lock of the queue, once there is one."""
        wait_until(lambda: self.cluster().queue_holder() is not None)
        holder = self.cluster().queue_holder()
        assert holder is not None
        return holder

    def end(self) -> None:
        cluster = victims.cluster_of(self.process.pid, self.log)
        self.process.kill()
        self.process.wait(120)
        if cluster is not None:
            with suppress(ProcessLookupError):
                os.killpg(cluster.main, signal.SIGKILL)


@contextmanager
def supervised(log: Path, *, silent: float = 45, grace: float = 5, **changes: str) -> Iterator[Supervised]:
    running = Supervised(log, silent=silent, grace=grace, **changes)
    try:
        yield running
    finally:
        running.end()
