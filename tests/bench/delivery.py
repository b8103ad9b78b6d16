"""How many deliveries a second, for how much CPU: the engine, the naive way and the bare HTTP loop in turn."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from time import monotonic

from psycopg import Connection

from tests.bench import fixtures
from tests.bench.bare_loop import run_bare_loop
from tests.bench.clusters import running_engine, running_naive
from tests.bench.counting_receiver import CountingReceiver, running_counting_receiver
from tests.bench.cpu import Meter, largest_resident, tree_seconds
from tests.bench.options import Options
from tests.bench.report import Report, Target
from tests.bench.workspace import Workspace, use, wait_for

SIZE = 20_000
ENDPOINTS = 10
# The naive way gets a part of the backlog: it would take minutes, and a shorter queue only helps it.
NAIVE_PART = 20
BARE_IN_FLIGHT = 100
BARE_SECONDS = 2.0
PATIENCE = 300.0


@dataclass(slots=True)
class Rounds:
    """Deliveries a second and CPU milliseconds for each, round by round."""

    per_second: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def add(self, number: int, seconds: float, cpu: float) -> None:
        self.per_second.append(number / seconds)
        self.cpu_ms.append(cpu * 1000 / number)

    @property
    def rate(self) -> float:
        return statistics.median(self.per_second)

    @property
    def cost(self) -> float:
        return statistics.median(self.cpu_ms)


def run(workspace: Workspace, options: Options) -> Report:
    size = options.size or SIZE
    naive_size = max(4, size // NAIVE_PART)
    with ExitStack() as stack:
        receiver = stack.enter_context(running_counting_receiver(workspace.folder, count=ENDPOINTS))
        engine = stack.enter_context(_engine(workspace, receiver))
        naive = stack.enter_context(_naive(workspace, receiver))
        engine.send(min(size, 500))
        naive.send(4)
        ours, bares, naives = Rounds(), Rounds(), Rounds()
        first = 0.0
        for _ in range(options.rounds):
            ours.add(size, *engine.send(size))
            first = first or engine.megabytes()
            bare = run_bare_loop(receiver, ENDPOINTS, in_flight=BARE_IN_FLIGHT, warm_up=0.5, seconds=BARE_SECONDS)
            bares.add(bare.requests, bare.seconds, bare.cpu)
            naives.add(naive_size, *naive.send(naive_size))
        megabytes = engine.megabytes()
    return Report(
        "delivery",
        f"{options.rounds} rounds of {size} deliveries of {fixtures.BODY_BYTES} bytes to {ENDPOINTS} endpoints of one "
        f"company; the naive way gets {naive_size} of them; bare: one libcurl loop without a database",
        {
            "per_second": ours.rate,
            "cpu_ms_per_delivery": ours.cost,
            "naive_per_second": naives.rate,
            "naive_cpu_ms": naives.cost,
            "bare_per_second": bares.rate,
            "bare_cpu_ms": bares.cost,
            "worker_mb_first": first,
            "worker_mb_last": megabytes,
        },
        [
            Target("per second, engine / naive", ours.rate / naives.rate, 90),
            Target("CPU per delivery, engine / naive", ours.cost / naives.cost, 0.01, at_most=True),
            Target("a worker's memory at the end, MB", megabytes, 300, at_most=True),
        ],
    )


@dataclass(slots=True)
class Sender:
    """A running cluster, and how to give it work. `publish` returns when its backlog was committed."""

    receiver: CountingReceiver
    pid: int
    cpu: Callable[[], float]
    publish: Callable[[int], float]
    finished: Callable[[], bool]

    def send(self, number: int) -> tuple[float, float]:
        """Seconds and CPU seconds from the commit of a backlog until all of it is recorded as delivered."""
        before = self.receiver.posts()
        meter = Meter(lambda: tree_seconds(self.pid), self.cpu)
        begun = self.publish(number)
        wait_for(lambda: self.receiver.posts() - before >= number, seconds=PATIENCE, what=f"{number} deliveries come")
        wait_for(self.finished, seconds=PATIENCE, every=0.005, what="all are recorded")
        seconds, cpu = monotonic() - begun, meter.seconds()
        if (came := self.receiver.posts() - before) != number:
            raise RuntimeError(f"{came} requests came for {number} deliveries; the figures would not compare.")
        return seconds, cpu

    def megabytes(self) -> float:
        return largest_resident(self.pid)


@contextmanager
def _engine(workspace: Workspace, receiver: CountingReceiver) -> Iterator[Sender]:
    database = workspace.database("engine")
    use(database)
    owner = fixtures.company()
    content = fixtures.body(owner, fixtures.tracker(owner))
    subscriptions = fixtures.subscribe(owner, receiver.urls(ENDPOINTS), "post_call")

    def publish(number: int) -> float:
        use(database)
        return fixtures.publish_backlog(subscriptions, number, content)

    with running_engine(workspace, database) as pid, workspace.connection(database) as watch:
        yield Sender(
            receiver,
            pid,
            workspace.databases.cpu_of(database),
            publish,
            lambda: _holds(watch, "NOT EXISTS (SELECT 1 FROM subscriptions_delivery WHERE state = 'pending')"),
        )


@contextmanager
def _naive(workspace: Workspace, receiver: CountingReceiver) -> Iterator[Sender]:
    database = workspace.database("naive")
    with running_naive(workspace, database) as naive, workspace.connection(database) as watch:
        subscriptions = naive.subscribe(receiver.urls(ENDPOINTS))
        yield Sender(
            receiver,
            naive.pid,
            workspace.databases.cpu_of(database),
            lambda number: naive.publish(subscriptions, number),
            lambda: _holds(
                watch,
                "NOT EXISTS (SELECT 1 FROM subscriptions_delivery WHERE state = 'pending')"
                " AND NOT EXISTS (SELECT 1 FROM django_q_ormq)",
            ),
        )


def _holds(watch: Connection, condition: str) -> bool:
    row = watch.execute(f"SELECT {condition}").fetchone()
    return bool(row and row[0])
