"""The ways to kill parts of a running installation. Each says whether it found one to kill."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from callhooks_site.devtools.postgres import PostgresServer
from callhooks_site.supervision.supervisor import Supervisor
from tests.chaos.parts import CLUSTERS
from tests.chaos.receiver import Receiver
from tests.chaos.victims import Cluster, children, cluster_of

REQUEST_PATIENCE = 0.5  # seconds to wait for a request that can be killed in the middle


@dataclass
class Killer:
    """Kills parts, and keeps count: `done` has the time of each (seconds since 1970) and its kind."""

    server: PostgresServer
    supervisor: Supervisor
    receiver: Receiver
    logs: Path
    rng: random.Random
    done: list[tuple[float, str]] = field(default_factory=list)
    _round: list[str] = field(default_factory=list)

    def kill_one(self) -> str | None:
        """One kill. All kinds come in each round, in any order; one that finds nothing to kill stays for the next time.
        None: there is nothing to kill at all."""
        for _ in range(2):
            for kind in list(self._round):
                at = time.time()
                if KINDS[kind](self):
                    self._round.remove(kind)
                    self.done.append((at, kind))
                    return kind
            if len(self._round) <= len(KINDS):
                self._round += self.rng.sample(list(KINDS), len(KINDS))
        return None

    @property
    def count(self) -> dict[str, int]:
        counted = Counter(kind for _, kind in self.done)
        return {kind: counted[kind] for kind in KINDS}

    def busy_worker(self) -> bool:
        """A drain, while it waits for an answer."""
        drains = self._drains()
        give_up_at = time.monotonic() + REQUEST_PATIENCE
        while not self.receiver.under_way and time.monotonic() < give_up_at:
            time.sleep(0.001)
        return bool(drains) and bool(self.receiver.under_way) and _kill(self.rng.choice(drains))

    def queue_holder(self) -> bool:
        """The idle worker that holds the lock of django-q2's queue: it wedges the whole cluster."""
        return any(_kill(cluster.queue_holder()) for cluster in self._clusters())

    def sentinel(self) -> bool:
        return any(_kill(cluster.sentinel) for cluster in self._clusters())

    def monitor(self) -> bool:
        return any(_kill(cluster.monitor) for cluster in self._clusters())

    def cluster(self) -> bool:
        return any(_kill_group(cluster.main) for cluster in self._clusters())

    def web(self) -> bool:
        main = self.supervisor.pids().get("web")
        return main is not None and _kill(self.rng.choice([main, *children(main)]))

    def postgres(self) -> bool:
        """An immediate stop, or SIGKILL; it is started again after a moment."""
        pid = self.server.pid()
        if pid is None or not _kill(pid, self.rng.choice([signal.SIGQUIT, signal.SIGKILL])):
            return False
        while self.server.pid() == pid:
            time.sleep(0.01)
        time.sleep(self.rng.uniform(0, 1.5))
        self.server.start()
        return True

    def connections(self) -> bool:
        """Half of them, or all."""
        share = self.rng.choice([0.5, 1.0])
        return self._ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
            f"AND pid <> pg_backend_pid() AND random() < {share}"
        ) not in (None, [])

    def _clusters(self) -> list[Cluster]:
        pids = self.supervisor.pids()
        found = [cluster_of(pids[name], self.logs / f"{name}.log") for name in CLUSTERS if name in pids]
        clusters = [cluster for cluster in found if cluster is not None]
        self.rng.shuffle(clusters)
        return clusters

    def _drains(self) -> list[int]:
        rows = self._ask("SELECT pid FROM subscriptions_drainslot WHERE beat_at > clock_timestamp() - interval '7 s'")
        workers = {pid for cluster in self._clusters() for pid in cluster.workers}
        return [pid for (pid,) in rows or [] if pid in workers]

    def _ask(self, query: str) -> list[tuple[int]] | None:
        try:
            with psycopg.connect(self.server.url, autocommit=True, connect_timeout=2) as connection:
                return connection.execute(query).fetchall()
        except psycopg.Error:
            return None


KINDS: dict[str, Callable[[Killer], bool]] = {
    "busy_worker": Killer.busy_worker,
    "queue_holder": Killer.queue_holder,
    "sentinel": Killer.sentinel,
    "monitor": Killer.monitor,
    "cluster": Killer.cluster,
    "web": Killer.web,
    "postgres": Killer.postgres,
    "connections": Killer.connections,
}


def _kill(pid: int | None, number: signal.Signals = signal.SIGKILL) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _kill_group(pid: int) -> bool:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
