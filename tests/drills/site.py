"""An installation of a drill: its settings, its processes, its load, and the questions that are asked of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callhooks_site.devtools.ports import answers
from callhooks_site.devtools.state import PROJECT
from callhooks_site.supervision.child import ProcessSpec
from tests.chaos import parts
from tests.chaos.load import Load, Tenant
from tests.chaos.verification import quiet
from tests.drills.processes import Processes

QUIET_SECONDS = 180.0
SILENT_SECONDS = 45.0  # as in production: nothing is killed here, and a busy machine starts a cluster slowly


@dataclass(frozen=True)
class Site:
    """`project`: where the code is that runs. Its settings are the chaos run's: short times, the receiver allowed."""

    env: dict[str, str]
    port: int
    log: Path
    project: Path = PROJECT

    @staticmethod
    def make(database_url: str, log: Path, port: int = 0) -> Site:
        port = port or parts.free_port()
        return Site(parts.chaos_environment(database_url, port, log), port, log)

    def running(self, project: Path) -> Site:
        """The same installation with other code."""
        return Site(self.env, self.port, self.log, project)

    def at(self, database_url: str, log: str) -> Site:
        """The same installation with another database, and a log folder of its own in this one's."""
        folder = self.log / log
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.log"):
            old.unlink()
        return Site({**self.env, "DATABASE_URL": database_url}, self.port, folder, self.project)

    def prepare(self, receiver_url: str) -> list[Tenant]:
        """Migrate, and make two companies with subscriptions."""
        made = parts.prepare(self.env, receiver_url, forger=False, project=self.project)
        return [Tenant(**tenant) for tenant in made["tenants"]]

    def load(self, tenants: list[Tenant], threads: int) -> Load:
        return Load(f"http://127.0.0.1:{self.port}/api/v1", tenants, 1, threads)

    def web(self, name: str = "web", listening: Sequence[int] = ()) -> ProcessSpec:
        return parts.web_spec(self.env, self.log, self.port, name=name, project=self.project, listening=listening)

    def cluster(self, name: str = "cluster") -> ProcessSpec:
        return parts.cluster_spec(self.env, self.log, name, project=self.project, silent=SILENT_SECONDS)

    def start(self, processes: Processes) -> None:
        """Web server and cluster; returns when the web server answers."""
        processes.start(self.web())
        processes.start(self.cluster())
        processes.wait_until(lambda: answers(self.port), "The web server does not answer.")

    def wait_for_log(self, processes: Processes, words: str, name: str = "cluster") -> None:
        """Until the log of a process has these words."""
        log = self.log / f"{name}.log"
        processes.wait_until(lambda: words in log.read_text(errors="replace"), f"{log} does not say: {words}")

    def wait_until_nothing_waits(self, processes: Processes) -> float:
        """Until every delivery has its outcome and every timer is over. Returns the seconds it took."""
        url = self.env["DATABASE_URL"]
        return processes.wait_until(lambda: quiet(url), "Some deliveries are still waiting.", QUIET_SECONDS)

    def manage(self, *arguments: str, may_fail: bool = False) -> str:
        return parts.manage(self.env, *arguments, may_fail=may_fail, project=self.project)

    def audit_faults(self) -> list[str]:
        """What the integrity check finds, in words; none when all is sound."""
        found: dict[str, Any] = json.loads(self.manage("audit", "--all", "--json", may_fail=True))
        wrong = [f"audit: {check['count']} {check['means']}" for check in found["checks"] if check["count"]]
        return wrong or ([] if found["sound"] else ["audit: not sound"])
