"""What more drains and more endpoints change, and which number of deliveries a second follows for larger machines.

Each number of drains has a database and a running cluster of its own. A round sends a backlog to 10, to 1,000 and to
20,000 endpoints, each of a company of its own, with one cluster after the other.

The ceiling for a machine of N cores is the smaller of two figures: N cores divided by the CPU time of a delivery (of
cluster and PostgreSQL together), and one second divided by the time that a delivery holds the claim lock, which only
one drain can hold at a time. It leaves out the disk, whose commits were waited for as they are on this machine.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg

from tests.bench import fixtures
from tests.bench.claim_lock import ClaimLockSampler
from tests.bench.clusters import running_engine
from tests.bench.copies import Copies, highest, renumber, resource_id
from tests.bench.counting_receiver import CountingReceiver, running_counting_receiver
from tests.bench.cpu import TICKS, Meter, tree_seconds
from tests.bench.options import Options
from tests.bench.report import Report
from tests.bench.workspace import Workspace, use, wait_for

SIZE = 20_000
DRAINS = (1, 2, 4)
ENDPOINTS = (10, 1_000, 20_000)
CORES = (4, 16, 64)
LEAST_PER_DRAIN = 20  # deliveries of a round: fewer say nothing of so many drains
# Of these the ceiling is made.
TYPICAL = (2, 1_000)
# A process may have some 20,000 connections open, and every endpoint may keep one.
RECEIVERS = 4
HOSTS = 250
PATIENCE = 300.0


@dataclass(slots=True)
class Case:
    """What each round measured with so many drains and endpoints. CPU in milliseconds for each delivery."""

    drains: int
    endpoints: int
    per_second: list[float] = field(default_factory=list)
    cluster_cpu_ms: list[float] = field(default_factory=list)
    postgres_cpu_ms: list[float] = field(default_factory=list)
    lock_ms: list[float] = field(default_factory=list)  # for each 1,000 deliveries

    def figures(self) -> dict[str, object]:
        return {
            "per_second": statistics.median(self.per_second),
            "cluster_cpu_ms_per_delivery": statistics.median(self.cluster_cpu_ms),
            "postgres_cpu_ms_per_delivery": statistics.median(self.postgres_cpu_ms),
            "claim_lock_ms_per_1000": statistics.median(self.lock_ms),
        }

    def ceiling(self, cores: int) -> tuple[float, str]:
        """Deliveries a second, and what allows no more."""
        cpu_ms = statistics.median(self.cluster_cpu_ms) + statistics.median(self.postgres_cpu_ms)
        by_cpu = cores * 1000 / cpu_ms
        lock_ms = statistics.median(self.lock_ms)
        by_lock = 1_000_000 / lock_ms if lock_ms else by_cpu
        return min(by_cpu, by_lock), "CPU" if by_cpu <= by_lock else "claim lock"


@dataclass(slots=True)
class Cluster:
    """A running one, the database that it works on, and the subscriptions there."""

    drains: int
    database: str
    subscriptions: Sequence[int]
    meter: Meter
    watch: psycopg.Connection[tuple[object, ...]]

    def send(self, case: Case, size: int, receivers: Sequence[CountingReceiver], content: bytes) -> None:
        """From the commit of a backlog until all of it is recorded as delivered."""
        use(self.database)
        before = _posts(receivers)
        with ClaimLockSampler(self.watch) as lock:
            begun = fixtures.publish_backlog(self.subscriptions[: case.endpoints], size, content)
            self.meter.start()
            wait_for(lambda: _posts(receivers) - before >= size, seconds=PATIENCE, what=f"{size} deliveries come")
            wait_for(self._nothing_pending, seconds=PATIENCE, every=0.005, what="all are recorded")
            seconds, (cluster, postgres) = time.monotonic() - begun, self.meter.each()
        case.per_second.append(size / seconds)
        # The kernel counts in ticks: of a few deliveries it may not see one.
        case.cluster_cpu_ms.append(max(cluster, 1 / TICKS) * 1000 / size)
        case.postgres_cpu_ms.append(postgres * 1000 / size)
        case.lock_ms.append(lock.share * seconds * 1_000_000 / size)

    def _nothing_pending(self) -> bool:
        row = self.watch.execute(
            "SELECT NOT EXISTS (SELECT 1 FROM subscriptions_delivery WHERE state = 'pending')"
        ).fetchone()
        return bool(row and row[0])


def run(workspace: Workspace, options: Options) -> Report:
    size = options.size or SIZE
    numbers_of_drains = [drains for drains in DRAINS if drains == 1 or drains * LEAST_PER_DRAIN <= size]
    cases = {(drains, number): Case(drains, number) for drains in numbers_of_drains for number in _numbers(size)}
    with ExitStack() as stack:
        receivers = [
            stack.enter_context(running_counting_receiver(workspace.folder, count=HOSTS)) for _ in range(RECEIVERS)
        ]
        filled = workspace.database("endpoints")
        use(filled)
        owner = fixtures.company()
        content = fixtures.body(owner, fixtures.tracker(owner))
        subscriptions = _fill([url for receiver in receivers for url in receiver.urls(HOSTS)], max(_numbers(size)))
        use(workspace.template)
        clusters = [
            stack.enter_context(_cluster(workspace, filled, drains, subscriptions)) for drains in numbers_of_drains
        ]
        for cluster in clusters:
            cluster.send(Case(cluster.drains, min(_numbers(size))), min(size, 500), receivers, content)  # not counted
        for _ in range(options.rounds):
            for number in _numbers(size):
                for cluster in clusters:
                    cluster.send(cases[cluster.drains, number], size, receivers, content)
    return _report(cases, f"{options.rounds} rounds of {size} deliveries of {fixtures.BODY_BYTES} bytes")


def _numbers(size: int) -> list[int]:
    """Of endpoints: no more than there are deliveries."""
    return sorted({min(number, size) for number in ENDPOINTS})


def _posts(receivers: Sequence[CountingReceiver]) -> int:
    return sum(receiver.posts() for receiver in receivers)


def _fill(urls: Sequence[str], number: int) -> list[int]:
    """So many endpoints of as many companies, at these URLs in turn. Returns the subscriptions."""
    from django.db import connection, transaction

    from subscriptions.models import Company, Subscription

    (first,) = fixtures.subscribe(fixtures.company(), urls[:1], "post_call")
    company, subscription = highest(Company), highest(Subscription)
    with transaction.atomic():
        copies = Copies({"urls": list(urls)})
        copies.make(Company, company, number, "s", id=f"{company} + n", resource_id=resource_id("ACC"))
        copies.make(Subscription, first, number, "s", id=f"{subscription} + n", company_id=f"{company} + n",
                    resource_id=resource_id("SUB"),
                    url=f"(%(urls)s::text[])[1 + (n - 1) %% {len(urls)}] || '/' || n")  # fmt: skip
        renumber(Company, Subscription)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return [subscription + one for one in range(1, number + 1)]


@contextmanager
def _cluster(workspace: Workspace, filled: str, drains: int, subscriptions: Sequence[int]) -> Iterator[Cluster]:
    database = workspace.databases.create(f"drains_{drains}", template=filled)
    with (
        running_engine(workspace, database, DELIVERY_DRAINS=str(drains)) as pid,
        workspace.connection(database) as watch,
    ):
        meter = Meter(lambda: tree_seconds(pid), workspace.databases.cpu_of(database))
        yield Cluster(drains, database, subscriptions, meter, watch)


def _report(cases: dict[tuple[int, int], Case], how: str) -> Report:
    typical = cases.get(TYPICAL) or max(cases.values(), key=lambda case: case.endpoints)
    ceilings = {cores: typical.ceiling(cores) for cores in CORES}
    figures = {
        **typical.figures(),
        "ceiling_per_second": {str(cores): rate for cores, (rate, _) in ceilings.items()},
        "ceiling_set_by": {str(cores): limit for cores, (_, limit) in ceilings.items()},
        **{f"drains_{case.drains}_endpoints_{case.endpoints}": case.figures() for case in cases.values()},
    }
    return Report(
        "scale",
        f"{how}, each endpoint of a company of its own; the keys without a name are those of {typical.drains} drains "
        f"and {typical.endpoints} endpoints; ceiling: the smaller of cores / CPU of a delivery and 1 s / claim lock of "
        "a delivery",
        figures,
    )
