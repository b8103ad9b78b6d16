"""Whether claiming and finishing cost more when more is pending, and more is finished."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.bench import full_outbox
from tests.bench.helpers import Helper, helper
from tests.bench.options import Options
from tests.bench.report import Report, Target
from tests.bench.workspace import Workspace, use

SIZE = 1_000_000
# Of the largest number of pending deliveries: the parts that are measured, and what lies finished beside each.
PARTS = (100, 10, 1)
FINISHED = 5
BATCHES = 10


@dataclass(slots=True)
class Level:
    """One number of pending deliveries, in a database of its own, with a process that claims and finishes there."""

    pending: int
    worker: Helper
    cpu_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)

    def measure(self, batches: int) -> None:
        answer = json.loads(self.worker.ask(str(batches)))
        self.cpu_ms.append(answer["cpu_ms"])
        self.wall_ms.append(answer["wall_ms"])


def run(workspace: Workspace, options: Options) -> Report:
    largest = options.size or SIZE
    base = workspace.database("finished")
    use(base)
    full_outbox.fill_finished(largest * FINISHED)
    use(workspace.template)
    with ExitStack() as stack:
        numbers = sorted({max(1000, largest // part) for part in PARTS})
        levels = [stack.enter_context(_level(workspace, base, number)) for number in numbers]
        for level in levels:
            level.measure(BATCHES)  # plans and caches are warm; not counted
            level.cpu_ms.clear()
            level.wall_ms.clear()
        for _ in range(options.rounds):
            for level in levels:
                level.measure(BATCHES)
    workspace.databases.drop(base)
    cpu = {str(level.pending): statistics.median(level.cpu_ms) for level in levels}
    wall = {str(level.pending): statistics.median(level.wall_ms) for level in levels}
    ratio = _last_to_first(cpu)
    return Report(
        "backlog",
        f"{options.rounds} rounds of {BATCHES} batches of {full_outbox.BATCH} claimed and finished, "
        f"to {full_outbox.ENDPOINTS} endpoints, with {largest * FINISHED} finished beside",
        {"cost_ratio": ratio, "wall_ratio": _last_to_first(wall), "cpu_ms_per_delivery": cpu, "wall_ms": wall},
        [Target("CPU per delivery, largest / smallest backlog", ratio, 1.5, at_most=True)],
    )


def _last_to_first(costs: dict[str, float]) -> float:
    first, *_, last = costs.values()
    return last / first


@contextmanager
def _level(workspace: Workspace, base: str, pending: int) -> Iterator[Level]:
    database = workspace.databases.create(f"pending_{pending}", template=base, big=True)
    use(database)
    full_outbox.fill_pending(pending)
    use(workspace.template)
    with helper("full_outbox", env=workspace.environment(database)) as worker:
        yield Level(pending, worker)
    workspace.databases.drop(database)
