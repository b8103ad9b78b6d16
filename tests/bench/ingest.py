"""How many calls a second the API takes in: one by one, a thousand at once, and beside them a bare Django view."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count

from tests.bench import fixtures
from tests.bench.cpu import Meter, tree_seconds
from tests.bench.helpers import Helper, helper
from tests.bench.options import Options
from tests.bench.report import Report, Target, percentile
from tests.bench.web_servers import running_web_server, workers_for
from tests.bench.workspace import Workspace, use

SIZE = 1000  # calls of a round, one by one; in batches five times as many
WORKERS = 2
CONNECTIONS = 8
BATCH_ITEMS = 500
BATCH_CONNECTIONS = 2
LEAST = 0.65
LEAST_BATCH = 4.0
_runs = count(1)


@dataclass(slots=True)
class Served:
    """A running server, and who sends to it."""

    load: Helper
    port: int
    path: str
    key: str
    number: str

    def send(self, requests: int, *, items: int = 1, rate: float = 0.0, path: str = "") -> tuple[float, list[float]]:
        """Seconds for all, and the milliseconds of each."""
        asked = {
            "port": self.port, "path": path or self.path, "key": self.key, "number": self.number, "requests": requests,
            "items": items, "rate": rate, "run": next(_runs),
            "connections": CONNECTIONS if items == 1 else BATCH_CONNECTIONS,
        }  # fmt: skip
        answer = json.loads(self.load.ask(json.dumps(asked)))
        return answer["seconds"], answer["took_ms"]


def run(workspace: Workspace, options: Options) -> Report:
    size = options.size or SIZE
    workers = min(WORKERS, workers_for(size))
    database, other = workspace.database("ingest"), workspace.database("bare")
    single: list[float] = []
    batch: list[float] = []
    bare: list[float] = []
    cpu: list[float] = []
    p99: list[float] = []
    theirs_env = {"DJANGO_SETTINGS_MODULE": "tests.bench.bare_settings"}
    with ExitStack() as stack:
        ours, pid = stack.enter_context(_site(workspace, database, "ingest", "/api/v1/calls/", workers))
        theirs, _ = stack.enter_context(_site(workspace, other, "bare", "/insert/", workers, **theirs_env))
        for each in (ours, theirs):
            each.send(min(size, 50))  # imports, connections and caches
        for _ in range(options.rounds):
            meter = Meter(lambda: tree_seconds(pid), workspace.databases.cpu_of(database))
            seconds, _ = ours.send(size)
            cpu.append(meter.seconds() * 1000 / size)
            single.append(size / seconds)
            seconds, _ = theirs.send(size)
            bare.append(size / seconds)
            items = min(BATCH_ITEMS, size)
            seconds, _ = ours.send(-(-5 * size // items), items=items, path="/api/v1/calls/batch/")
            batch.append(-(-5 * size // items) * items / seconds)
            _, took = ours.send(max(10, size // 2), rate=single[-1] / 2)
            p99.append(percentile(took, 99))
    one, base, many = (statistics.median(values) for values in (single, bare, batch))
    return Report(
        "ingest",
        f"{options.rounds} rounds of {size} calls, one subscription, {workers} gunicorn workers, {CONNECTIONS} "
        f"connections; batches of {min(BATCH_ITEMS, size)}; no cluster runs",
        {
            "per_second": one,
            "cpu_ms": statistics.median(cpu),
            "p99_ms": statistics.median(p99),
            "bare_per_second": base,
            "batch_per_second": many,
        },
        [
            Target("calls a second, API / bare view", one / base, LEAST),
            Target("calls a second, batch / one by one", many / one, LEAST_BATCH),
        ],
    )


@contextmanager
def _site(
    workspace: Workspace, database: str, name: str, path: str, workers: int, **env: str
) -> Iterator[tuple[Served, int]]:
    from subscriptions.models import ApiKey

    use(database)
    owner = fixtures.company()
    number = fixtures.tracker(owner).phone_number
    fixtures.subscribe(owner, ["https://example.com/hooks"], "pre_call")
    _, key = ApiKey.objects.issue(company=owner, name="Phone system")
    # The rate of a key is not what is measured.
    settings = {"API_REQUESTS_PER_MINUTE": "0", **env}
    with (
        running_web_server(workspace, database, name, workers=workers, **settings) as server,
        helper("ingest_load") as load,
    ):
        yield Served(load, server.port, path, key, number), server.pid
