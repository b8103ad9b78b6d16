"""From COMMIT to the receiver, one event at a time: the engine and the naive way in turn. And what waiting costs."""

from __future__ import annotations

import random
import statistics
import time
from typing import TYPE_CHECKING

from tests.bench import fixtures
from tests.bench.arrivals import Arrivals, running_receiver
from tests.bench.clusters import Naive, running_engine, running_naive
from tests.bench.cpu import Meter, tree_seconds
from tests.bench.options import Options
from tests.bench.report import Report, Target, percentile
from tests.bench.workspace import DEVELOPMENT, Workspace, use

if TYPE_CHECKING:
    from calls.models import Tracker
    from subscriptions.models import Company

SIZE = 100
# Longer than a drain lives: its handing over to the next one is part of being idle.
IDLE_SECONDS = 65.0
SETTLE_SECONDS = 3.0
# Between an arrival and the next event: up to a bit more than what django-q2 sleeps between two looks.
LONGEST_PAUSE = 0.25
PATIENCE = 30.0


def run(workspace: Workspace, options: Options) -> Report:
    size = options.size or SIZE
    idle_seconds = options.seconds or IDLE_SECONDS
    database, other = workspace.database("engine"), workspace.database("naive")
    ours: list[list[float]] = []
    naives: list[list[float]] = []
    use(database)
    owner = fixtures.company()
    caller = fixtures.tracker(owner)
    with running_receiver(1) as arrivals:
        fixtures.subscribe(owner, [f"{arrivals.urls[0]}/engine"], "pre_call")
        # As `./dev run` starts it: the environment of development, all settings at their defaults.
        with running_engine(workspace, database, authority=None, **DEVELOPMENT) as pid:
            use(database)
            _engine_round(arrivals, owner, caller, 3)
            idle = _idle(workspace, database, pid, idle_seconds)
            with running_naive(workspace, other) as naive:
                targets = naive.subscribe([f"{arrivals.urls[0]}/naive"])
                _naive_round(arrivals, naive, targets, 2)
                for _ in range(options.rounds):
                    use(database)
                    ours.append(_engine_round(arrivals, owner, caller, size))
                    naives.append(_naive_round(arrivals, naive, targets, size))
    p50 = statistics.median(percentile(each, 50) for each in ours)
    p99 = percentile([value for each in ours for value in each], 99)
    naive_p50 = statistics.median(percentile(each, 50) for each in naives)
    naive_p99 = percentile([value for each in naives for value in each], 99)
    return Report(
        "latency",
        f"{options.rounds} rounds of {size} events one by one; idle for {idle_seconds:g} s; p50: the rounds' median, "
        "p99: of all events",
        {"p50_ms": p50, "p99_ms": p99, "idle_cpu_percent": idle, "naive_p50_ms": naive_p50, "naive_p99_ms": naive_p99},
        [
            Target("p50, engine / naive", p50 / naive_p50, 1 / 3, at_most=True),
            Target("p99 of the engine / p50 of the naive way", p99 / naive_p50, 2, at_most=True),
            Target("CPU when idle, percent of a core", idle, 2, at_most=True),
        ],
    )


def _engine_round(arrivals: Arrivals, owner: Company, caller: Tracker, number: int) -> list[float]:
    """Milliseconds from where the COMMIT begins to arrival."""
    found = []
    for _ in range(number):
        committed = fixtures.saved_at(fixtures.ringing_call(owner, caller))
        found.append((arrivals.next(PATIENCE).at - committed) * 1000)
        _pause()
    return found


def _naive_round(arrivals: Arrivals, naive: Naive, targets: list[int], number: int) -> list[float]:
    found = []
    for _ in range(number):
        committed = naive.publish(targets, 1)
        found.append((arrivals.next(PATIENCE).at - committed) * 1000)
        _pause()
    return found


def _idle(workspace: Workspace, database: str, pid: int, seconds: float) -> float:
    """Percent of a core that the cluster and PostgreSQL use when there is nothing to do."""
    time.sleep(min(SETTLE_SECONDS, seconds))
    meter = Meter(lambda: tree_seconds(pid), workspace.databases.cpu_of(database))
    started = time.monotonic()
    time.sleep(seconds)
    return meter.seconds() / (time.monotonic() - started) * 100


def _pause() -> None:
    time.sleep(random.uniform(0.0, LONGEST_PAUSE))
