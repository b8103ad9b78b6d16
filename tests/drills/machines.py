"""Several machines: web servers, cluster machines, and a PostgreSQL with a standby, each in a network namespace.

Under load one cluster machine is cut off for a minute, and then the primary vanishes and its standby is promoted. The
clocks of the machines that run the service are up to two minutes apart; the databases' agree, as they must.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from callhooks_site.devtools.migrated import start_migrated
from callhooks_site.devtools.pg_binaries import server_account
from callhooks_site.devtools.state import PROJECT
from callhooks_site.supervision.child import ProcessSpec
from tests.chaos import parts
from tests.chaos.load import Tenant
from tests.chaos.receiver import Receiver
from tests.chaos.verification import quiet, verify
from tests.drills import network
from tests.drills.double_sends import count_double_sends
from tests.drills.network import Host
from tests.drills.options import Options
from tests.drills.patient_load import PatientLoad
from tests.drills.processes import Processes
from tests.drills.result import Result
from tests.drills.site import Site
from tests.support.clocks import shifted_clock
from tests.support.replicas import ReplicatedServer, replicated_server

SLOTS_SECONDS = 30.0  # promised in docs/deployment.md
PROMOTED_AFTER = 5.0  # seconds: as soon as a program that watches the primary would
DRAINS = 3
WEB_PORT = 8000
GRACE = 30.0
PATIENCE = 180.0
_SLOTS = """
SELECT host FROM subscriptions_drainslot WHERE number <= %s AND beat_at > clock_timestamp() - make_interval(secs => %s)
"""


def run(options: Options) -> Result:
    network.leave_the_machine()
    began = time.monotonic()
    with _installation(options) as site:
        load = site.load()  # while the processes load their code
        site.wait_until_all_work()
        load.start()
        facts: dict[str, Any] = {}
        try:
            site.go_on(options.seconds(10, 1))
            if not options.short:
                facts |= _cut_off_a_machine(site)
                site.go_on(10)
            facts |= _lose_the_primary(site)
            site.go_on(options.seconds(15, 1))
        finally:
            load.stop()
        url = site.standby.url
        quiet_after = site.processes.wait_until(lambda: quiet(url), "Deliveries are still waiting.", PATIENCE)
        site.stop()
        seen = verify(url, load.said.events, site.receiver.arrivals)
        double, examples = count_double_sends(url, site.receiver.arrivals, site.failover)
        audit = Site({**site.env, "DATABASE_URL": url}, WEB_PORT, options.log).audit_faults()
    faults = [f"{name}: {count}" for name, count in (("altered", seen.altered), ("forged", seen.forged)) if count]
    faults += [f"slots took {facts[name]} s" for name in facts if "slots" in name and facts[name] > SLOTS_SECONDS]
    if double:
        faults += [f"{double} webhooks were sent twice within a lease", *examples]
    return Result(
        lost=seen.lost,
        failed_requests=len(load.said.failed),
        duplicates=seen.duplicates,
        seconds=round(time.monotonic() - began, 1),
        facts={
            **facts,
            "double_sends": double,
            "things": load.said.things,
            "requests": load.said.requests,
            "requests_sent_again": dict(load.said.again),
            "longest_wait_for_an_answer_s": round(load.said.longest_wait, 1),
            "webhooks": seen.deliveries,
            "longest_delay_s": round(seen.longest_delay, 1),
            "quiet_after_s": round(quiet_after, 1),
        },
        faults=[*faults, *(seen.examples if seen.lost else []), *load.said.failed[:3], *audit],
    )


@dataclass
class Installation:
    env: dict[str, str]
    primary: ReplicatedServer
    standby: ReplicatedServer
    primary_host: Host
    webs: list[Host]
    workers: list[Host]
    receiver: Receiver
    processes: Processes
    log: Path
    short: bool
    failover: tuple[float, float] = (0.0, 0.0)

    def start(self) -> None:
        for host in self.webs:
            self.processes.start(_web(host, self.env, self.log))
        for host in self.workers:
            self.processes.start(_cluster(host, self.env, self.log))

    def wait_until_all_work(self) -> None:
        for host in self.webs:
            self.processes.wait_until(lambda host=host: _answers(host), f"{host.name} does not answer.")  # type: ignore[misc]
        self.wait_for_slots(self.primary, self.workers)

    def stop(self) -> None:
        names = [host.name for host in (*self.webs, *self.workers)]
        if self.short:
            self.processes.kill(*names)
        else:
            self.processes.stop(*names)

    def load(self) -> PatientLoad:
        made = parts.prepare({**self.env, "DATABASE_URL": self.primary.url}, self.receiver.url, forger=False)
        tenants = [Tenant(**tenant) for tenant in made["tenants"]]
        return PatientLoad([f"http://{host.address}:{WEB_PORT}" for host in self.webs], tenants)

    def go_on(self, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        self.processes.wait_until(lambda: time.monotonic() >= ends_at, "", seconds + 5)

    def holders(self, server: ReplicatedServer, within: float) -> list[str]:
        """The hosts of the drains that have worked in these seconds, by the database's clock."""
        with psycopg.connect(server.url, autocommit=True) as connection:
            return [host for (host,) in connection.execute(_SLOTS, [DRAINS, within]).fetchall()]

    def wait_for_slots(self, server: ReplicatedServer, hosts: list[Host], since: float | None = None) -> float:
        """Until all slots are held by drains of these hosts that worked `since` (monotonic). Returns the seconds."""
        began, names = time.monotonic() if since is None else since, {host.name for host in hosts}

        def held() -> bool:
            found = self.holders(server, time.monotonic() - began)
            return len(found) == DRAINS and set(found) <= names

        self.processes.wait_until(held, "Some drain slots stay empty.", PATIENCE)
        return round(time.monotonic() - began, 1)


def _cut_off_a_machine(site: Installation) -> dict[str, Any]:
    """The machine with the most slots, for a minute."""
    holders = site.holders(site.primary, 15)
    victim = max(site.workers, key=lambda host: holders.count(host.name))
    others = [host for host in site.workers if host is not victim]
    victim.cut_off()
    cut_at = time.monotonic()
    moved = site.wait_for_slots(site.primary, others, cut_at)
    site.go_on(max(0.0, 60 - (time.monotonic() - cut_at)))
    victim.plug_in()
    return {"slots_moved_s": moved, "slots_of_the_lost_machine": holders.count(victim.name)}


def _lose_the_primary(site: Installation) -> dict[str, Any]:
    """It vanishes from the network, and is still running: nobody gets a goodbye from it. In the short form it crashes,
    which is noticed at once."""
    lost_at, cut_at = time.time(), time.monotonic()
    if site.short:
        site.primary.crash()
    else:
        site.primary_host.cut_off()
        site.go_on(PROMOTED_AFTER)
    site.standby.promote()
    moved = site.wait_for_slots(site.standby, site.workers, cut_at)
    site.failover = (lost_at, time.time())
    return {"slots_moved_after_failover_s": moved}


@contextmanager
def _installation(options: Options) -> Iterator[Installation]:
    clocks = (0, 0) if options.short else (60, -60)
    databases = [Host("db1", 11), Host("db2", 12)]
    webs = [Host("web1", 21, clocks[0]), Host("web2", 22)][: 1 if options.short else 2]
    workers = [Host("work1", 31), Host("work2", 32, clocks[0]), Host("work3", 33, clocks[1])]
    workers = workers[: 2 if options.short else 3]
    for host in (*databases, *webs, *workers):
        host.connect()
    account = server_account()
    with ExitStack() as stack:
        primary, standby = (
            stack.enter_context(
                replicated_server(
                    f"drill-{host.name}",
                    settings=f"listen_addresses = '{host.address}'\nsynchronous_commit = on\n",
                    network=f"{network.NETWORK}.0/24",
                    prefix=host.prefix_as(account.uid, account.gid),
                )
            )
            for host in databases
        )
        start_migrated(primary, PROJECT)
        standby.make_standby_of(primary, databases[0].address)
        with psycopg.connect(primary.url, autocommit=True) as connection:
            # Otherwise what was accepted last may be lost with the primary, rightly.
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
        receiver = stack.enter_context(Receiver(f"{network.NETWORK}.1"))
        env = {
            **parts.chaos_environment("", WEB_PORT, options.log),
            "DATABASE_URL": f"postgres://callhooks@{databases[0].address},{databases[1].address}/callhooks",
            "DATABASE_FAILOVER_SECONDS": "600",
            "ALLOWED_HOSTS": ",".join(host.address for host in webs),
            "WEBHOOK_ALLOWED_NETWORKS": f"{network.NETWORK}.0/24",
            "DELIVERY_DRAINS": str(DRAINS),
            "WEB_CONCURRENCY": "1",
        }
        processes = stack.enter_context(Processes())
        site = Installation(
            env, primary, standby, databases[0], webs, workers, receiver, processes, options.log, options.short
        )
        site.start()
        yield site


def _web(host: Host, env: dict[str, str], log: Path) -> ProcessSpec:
    gunicorn = [sys.executable, "-m", "gunicorn", "callhooks_site.wsgi:application"]
    gunicorn += ["--config", "gunicorn.conf.py", "--bind", f"{host.address}:{WEB_PORT}"]
    return _spec(host, gunicorn, env, log)


def _cluster(host: Host, env: dict[str, str], log: Path) -> ProcessSpec:
    return _spec(host, [sys.executable, "manage.py", "cluster"], env, log)


def _spec(host: Host, command: list[str], env: dict[str, str], log: Path) -> ProcessSpec:
    return ProcessSpec(
        host.name,
        [*host.prefix, *command],
        env={**env, **(shifted_clock(log, host.clock) if host.clock else {})},
        cwd=PROJECT,
        log=log / f"{host.name}.log",
        grace=GRACE,
    )


def _answers(host: Host) -> bool:
    try:
        return requests.get(f"http://{host.address}:{WEB_PORT}/healthz", timeout=2).ok
    except requests.RequestException:
        return False
