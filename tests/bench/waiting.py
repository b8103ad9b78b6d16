"""What endpoints that wait for a retry cost the others: a company with a new endpoint, beside 0 to 200,000 of them.

Half of those that wait do so until tomorrow; of the other half the webhooks are due, and the breaker is open. Each
number has a database of its own. The engine is started on one after the other.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field

from tests.bench import fixtures, waiting_endpoints
from tests.bench.arrivals import Arrivals, running_receiver
from tests.bench.clusters import running_engine
from tests.bench.cpu import Meter, tree_seconds
from tests.bench.options import Options
from tests.bench.report import Report, Target, percentile
from tests.bench.statements import StatementCounter
from tests.bench.workspace import Workspace, use, wait_for

SIZE = 200_000
# Of the largest number that waits: the others that are measured.
PARTS = (200, 10, 1)
SECONDS = 10.0
RATE = 20
FIRST_PATIENCE = 3.0
PATIENCE = 10.0
SETTLE_SECONDS = 1.0
SETTLE_PATIENCE = 120.0


@dataclass(slots=True)
class Level:
    """A number of endpoints that wait, in a database of its own, and what each round measured there.

    An event that did not come counts in the percentiles with the time that it was waited for."""

    waiting: int
    database: str
    counter: StatementCounter | None
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    undelivered: int = 0
    postgres_cpu_ms: list[float] = field(default_factory=list)
    cluster_cpu_ms: list[float] = field(default_factory=list)
    claims: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, object]:
        return {
            "p50_ms": statistics.median(self.p50),
            "p99_ms": statistics.median(self.p99),
            "undelivered": self.undelivered,
            "postgres_cpu_ms_per_event": statistics.median(self.postgres_cpu_ms),
            "cluster_cpu_ms_per_event": statistics.median(self.cluster_cpu_ms),
            "claims_per_event": statistics.median(self.claims) if self.claims else None,
        }


def run(workspace: Workspace, options: Options) -> Report:
    size, seconds = options.size or SIZE, options.seconds or SECONDS
    levels = []
    for number in sorted({0, *(size // part for part in PARTS)}):
        database = workspace.database(f"waiting_{number}")
        use(database)
        if number:
            waiting_endpoints.fill(number)
        levels.append(Level(number, database, workspace.databases.statement_counter(database)))
    with running_receiver(1) as arrivals:
        for _ in range(options.rounds):
            for level in levels:
                _measure(workspace, level, arrivals, seconds)
    return _report(
        levels, f"{options.rounds} rounds of {seconds:g} s, {RATE} events/s of a company with a new endpoint"
    )


def _measure(workspace: Workspace, level: Level, arrivals: Arrivals, seconds: float) -> None:
    use(level.database)
    owner = fixtures.company()
    (subscription,) = fixtures.subscribe(owner, [f"{arrivals.urls[0]}/hooks"], "pre_call")
    caller = fixtures.tracker(owner)
    with running_engine(workspace, level.database) as pid:
        wait_for(waiting_endpoints.nothing_available, seconds=SETTLE_PATIENCE, what="endpoints that wait are put aside")
        arrivals.wait_for(fixtures.by_webhook_id(fixtures.ring_at_rate([caller], RATE, 0)), FIRST_PATIENCE)
        time.sleep(SETTLE_SECONDS)
        if level.counter:
            level.counter.reset()
        meter = Meter(lambda: tree_seconds(pid), workspace.databases.cpu_of(level.database))
        committed = fixtures.by_webhook_id(fixtures.ring_at_rate([caller], RATE, seconds))
        came = arrivals.wait_for(committed, PATIENCE)
        now = time.monotonic()
        cluster, postgres = meter.each()
        claims = level.counter.claims() if level.counter else None
    fixtures.drop_deliveries(subscription)  # what did not come is no load of the next round
    took = [(came.get(webhook_id, now) - at) * 1000 for webhook_id, at in committed.items()]
    level.p50.append(percentile(took, 50))
    level.p99.append(percentile(took, 99))
    level.undelivered += len(committed.keys() - came.keys())
    level.cluster_cpu_ms.append(cluster * 1000 / len(committed))
    level.postgres_cpu_ms.append(postgres * 1000 / len(committed))
    if claims is not None:
        level.claims.append(claims / len(committed))


def _report(levels: list[Level], how: str) -> Report:
    found = {level.waiting: level.figures() for level in levels}
    none, most = levels[0], levels[-1]
    targets = [Target("0 waiting: CPU of PostgreSQL for an event, ms", _cost(none), 3, at_most=True)]
    if none.claims:
        claims = statistics.median(none.claims)
        targets.append(Target("0 waiting: claims for an event", claims, 1.5, at_most=True))
    for level in levels[1:]:
        name = f"{level.waiting} waiting"
        for what, value, base in (
            ("p50", statistics.median(level.p50), statistics.median(none.p50)),
            ("p99", statistics.median(level.p99), statistics.median(none.p99)),
            ("CPU of PostgreSQL for an event", _cost(level), _cost(none)),
        ):
            targets.append(Target(f"{name}: {what} / with 0 waiting", value / base, 1.5, at_most=True))
        targets.append(Target(f"{name}: undelivered", level.undelivered, 0, at_most=True))
    # The keys of the largest number stand alone; each number has all of them under its name.
    figures = {**found[most.waiting], **{f"waiting_{number}": keys for number, keys in found.items()}}
    return Report(
        "waiting",
        f"{how}; what waits belongs to {waiting_endpoints.COMPANIES} companies, half of it behind an open breaker; "
        "CPU of PostgreSQL without that of publishing",
        figures,
        targets,
    )


def _cost(level: Level) -> float:
    return max(statistics.median(level.postgres_cpu_ms), 0.01)  # the kernel counts in hundredths of a second
