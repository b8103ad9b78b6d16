"""An upgrade without a stop: old code is replaced by new code under load, with migrations before and after.

Web servers and clusters are replaced one by one. The web servers share one listening socket, as services that systemd
starts from a socket do: it stays open whoever comes and goes.
"""

from __future__ import annotations

import socket
import time

import psycopg

from callhooks_site.devtools.database import throw_away_server
from callhooks_site.devtools.ports import answers
from callhooks_site.devtools.state import PROJECT
from tests.chaos.receiver import Receiver
from tests.chaos.verification import verify
from tests.drills import code
from tests.drills.options import Options
from tests.drills.processes import Processes
from tests.drills.result import Result
from tests.drills.site import Site

SOME = 10  # webhooks that have arrived, before anything is replaced


def run(options: Options) -> Result:
    began = time.monotonic()
    old, old_name = PROJECT, "working tree"
    if not options.short:
        old = options.log / "old"
        old_name = code.export(options.commit or code.last_without_newest_migration(), old)
    new = options.log / "new"
    code.copy_with_migrations(new)
    with (
        throw_away_server("drill", old, migrated=True) as server,
        socket.create_server(("127.0.0.1", 0), backlog=512) as listening,
        Receiver() as receiver,
        Processes() as processes,
    ):
        site = Site.make(server.url, options.log, listening.getsockname()[1]).running(old)
        load = site.load(site.prepare(receiver.url), options.threads)
        upgrade = Upgrade(site, site.running(new), processes, listening.fileno(), 1 if options.short else 2)
        upgrade.start_old()
        load.start()
        try:
            processes.wait_until(lambda: receiver.count() > SOME, "The old code delivers nothing.")
            upgrade.replace(options.seconds(8, 1))
        finally:
            load.stop()
        upgrade.new.wait_until_nothing_waits(processes)
        seen = verify(server.url, load.accepted.events, receiver.arrivals)
        faults = [*load.accepted.reasons, *upgrade.faults, *upgrade.new.audit_faults()]
        wrong = {"altered": seen.altered, "forged": seen.forged, "out of order": seen.out_of_order}
        faults += [f"{count} {name}" for name, count in wrong.items() if count]
        return Result(
            lost=seen.lost,
            failed_requests=sum(load.accepted.failed.values()),
            duplicates=seen.duplicates,
            seconds=round(time.monotonic() - began, 1),
            facts={
                "from": old_name,
                "requests": load.accepted.requests,
                "webhooks": receiver.count(),
                "slowest_request_seconds": round(load.accepted.slowest, 2),
                "slowest_request_at": load.accepted.slowest_at,
                "steps": upgrade.steps,
                "longest_delay_seconds": round(seen.longest_delay, 2),
                "migrated_before": upgrade.before,
                "migrated_after": upgrade.after,
            },
            faults=faults + (seen.examples if seen.lost or faults else []),
        )


class Upgrade:
    """`before` and `after`: the migrations of the two parts that were applied. `steps`: when each began."""

    def __init__(self, old: Site, new: Site, processes: Processes, listening: int, count: int) -> None:
        self.old, self.new = old, new
        self.before: list[str] = []
        self.after: list[str] = []
        self.faults: list[str] = []
        self.steps: dict[str, str] = {}
        self._processes = processes
        self._listening = listening
        self._numbers = range(count)

    def start_old(self) -> None:
        for number in self._numbers:
            self._processes.start(self.old.cluster(f"cluster-old-{number}"))
            self._start_web(self.old, f"web-old-{number}")

    def replace(self, seconds: float) -> None:
        """Do it all, with so many seconds between two steps."""
        known = self._applied()
        self._note("migrate before")
        self.new.manage("migrate_before")
        self.before = sorted(self._applied() - known)
        self._expect(column=True, when="after migrate_before")
        for number in self._numbers:
            self._go_on(seconds)
            self._note(f"web {number}")
            self._start_web(self.new, f"web-new-{number}")
            self._go_on(seconds)  # both answer
            self._processes.stop(f"web-old-{number}")
        for number in self._numbers:
            self._go_on(seconds)  # new web servers beside old clusters
            self._note(f"cluster {number}")
            self._processes.start(self.new.cluster(f"cluster-new-{number}"))
            self._go_on(seconds)
            self._processes.stop(f"cluster-old-{number}")
        self._note("migrate after")
        self.new.manage("migrate")
        self._note("done")
        self.after = sorted(self._applied() - known - set(self.before))
        self._expect(column=False, when="after migrate")
        self._go_on(seconds)

    def _note(self, step: str) -> None:
        self.steps[step] = time.strftime("%H:%M:%S")

    def _start_web(self, site: Site, name: str) -> None:
        """At the shared socket, and at one of its own, where it is asked whether it answers."""
        with socket.create_server(("127.0.0.1", 0)) as own:
            self._processes.start(site.web(name, [self._listening, own.fileno()]))
            port = own.getsockname()[1]
            self._processes.wait_until(lambda: answers(port), f"{name} does not answer.")

    def _expect(self, *, column: bool, when: str) -> None:
        with psycopg.connect(self.new.env["DATABASE_URL"]) as connection:
            query = "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
            found = connection.execute(query, [code.TABLE, code.COLUMN]).fetchone() is not None
        if found != column:
            self.faults.append(f"{code.TABLE}.{code.COLUMN} {'is still' if found else 'is not'} there {when}.")

    def _applied(self) -> set[str]:
        with psycopg.connect(self.new.env["DATABASE_URL"]) as connection:
            rows = connection.execute("SELECT app || '.' || name FROM django_migrations").fetchall()
        return {name for (name,) in rows}

    def _go_on(self, seconds: float) -> None:
        self._processes.go_on(seconds)
