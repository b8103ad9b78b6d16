"""How many deliveries a second, for how much CPU: the engine, the naive way and the bare client in turn."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from time import monotonic

from psycopg import Connection

from tests.bench import fixtures
from tests.bench.clusters import running_engine, running_naive
from tests.bench.counting_receiver import CountingReceiver, running_counting_receiver
from tests.bench.cpu import Meter, largest_resident, tree_seconds
from tests.bench.helpers import helper
from tests.bench.options import Options
from tests.bench.report import Report, Target
from tests.bench.workspace import Workspace, use, wait_for

SIZE = 20_000
ENDPOINTS = 10
# The naive way gets a part of the backlog: it would take minutes, and a shorter queue only helps it.
NAIVE_PART = 20
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
    with ExitStack() as stack:
        receiver = stack.enter_context(
            running_counting_receiver(workspace.folder, count=ENDPOINTS, https=options.https)
        )
        engine = stack.enter_context(_engine(workspace, receiver, https=options.https))
        naive = stack.enter_context(_naive(workspace, receiver))
        engine.send(min(size, 500))
        naive.send(4)
        ours, bares, naives, https = Rounds(), Rounds(), Rounds(), Rounds()
        first = 0.0
        for _ in range(options.rounds):
            ours.add(size, *engine.send(size))
            first = first or engine.megabytes()
            bares.add(size, *_bare(receiver, size))
            naives.add(max(4, size // NAIVE_PART), *naive.send(max(4, size // NAIVE_PART)))
            if options.https:
                https.add(size, *engine.send(size, https=True))
        megabytes = engine.megabytes()
    report = Report(
        "delivery",
        f"{options.rounds} rounds of {size} deliveries of {fixtures.BODY_BYTES} bytes to {ENDPOINTS} endpoints; "
        f"receiver: {receiver.kind}",
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
            Target("per second, engine / naive", ours.rate / naives.rate, 8),
            Target("CPU per delivery, engine / naive", ours.cost / naives.cost, 0.1, at_most=True),
            Target("per second, engine / bare client", ours.rate / bares.rate, 0.7),
            Target("a worker's memory at the end, MB", megabytes, 150, at_most=True),
        ],
    )
    if options.https:
        report.figures |= {"https_per_second": https.rate, "https_cpu_ms_per_delivery": https.cost}
        report.targets.append(Target("per second, https / http", https.rate / ours.rate, 0.6))
    return report


@dataclass(slots=True)
class Sender:
    """A running cluster, and how to give it work."""

    receiver: CountingReceiver
    pid: int
    cpu: Callable[[], float]
    publish: Callable[[int, bool], float]
    finished: Callable[[], bool]

    def send(self, number: int, *, https: bool = False) -> tuple[float, float]:
        """Seconds and CPU seconds from the commit of a backlog until all of it is recorded as delivered."""
        before = self.receiver.posts()
        meter = Meter(lambda: tree_seconds(self.pid), self.cpu)
        begun = self.publish(number, https)
        wait_for(lambda: self.receiver.posts() - before >= number, seconds=PATIENCE, what=f"{number} deliveries come")
        wait_for(self.finished, seconds=PATIENCE, every=0.005, what="all are recorded")
        seconds, cpu = monotonic() - begun, meter.seconds()
        if (came := self.receiver.posts() - before) != number:
            raise RuntimeError(f"{came} requests came for {number} deliveries; the figures would not compare.")
        return seconds, cpu

    def megabytes(self) -> float:
        return largest_resident(self.pid)


@contextmanager
def _engine(workspace: Workspace, receiver: CountingReceiver, *, https: bool) -> Iterator[Sender]:
    database = workspace.database("engine")
    use(database)
    owner = fixtures.company()
    content = fixtures.body(owner, fixtures.tracker(owner))
    plain = fixtures.subscribe(owner, receiver.urls(ENDPOINTS), "post_call")
    secure = fixtures.subscribe(owner, receiver.urls(ENDPOINTS, https=True), "post_call") if https else []

    def publish(number: int, secured: bool) -> float:
        use(database)
        return fixtures.backlog(owner, secure if secured else plain, number, content)

    with (
        running_engine(workspace, database, authority=receiver.authority) as pid,
        workspace.connection(database) as watch,
    ):
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
            lambda number, secured: naive.publish(subscriptions, number),
            lambda: _holds(
                watch,
                "NOT EXISTS (SELECT 1 FROM subscriptions_delivery WHERE state = 'pending')"
                " AND NOT EXISTS (SELECT 1 FROM django_q_ormq)",
            ),
        )


def _holds(watch: Connection, condition: str) -> bool:
    row = watch.execute(f"SELECT {condition}").fetchone()
    return bool(row and row[0])


def _bare(receiver: CountingReceiver, number: int) -> tuple[float, float]:
    """Seconds and CPU seconds of the HTTP client alone, in as many processes as there are drains."""
    from django.conf import settings

    drains = settings.DELIVERY_DRAINS
    # As many requests at once as the engine has with this number of endpoints, if it has the threads.
    threads = min(settings.DELIVERY_THREADS, -(-ENDPOINTS * settings.DELIVERY_PER_ENDPOINT // drains))
    asked = {"urls": receiver.urls(ENDPOINTS), "threads": threads, "body_bytes": fixtures.BODY_BYTES}
    with ExitStack() as stack:
        crew = [stack.enter_context(helper("bare_client")) for _ in range(drains)]
        for part, one in enumerate(crew):
            one.tell(json.dumps({**asked, "requests": number // drains + (part < number % drains)}))
        for one in crew:
            one.answer()  # it is ready
        for one in crew:
            one.tell("go")
        done = [json.loads(one.answer()) for one in crew]
    seconds = max(one["done"] for one in done) - min(one["begun"] for one in done)
    return seconds, sum(one["cpu"] for one in done)
