"""Receivers that answer at once, late, and over TLS: how many deliveries a second the engine keeps up with each kind.

Each kind is a thousand endpoints on hosts of their own. A round publishes more than can be sent, lets the engine get
into its stride, and then counts what is answered; what is left is cancelled. Beside each, libcurl's bare loop.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import fixtures
from tests.bench.bare_loop import run_bare_loop
from tests.bench.clusters import running_engine
from tests.bench.counting_receiver import CountingReceiver, running_counting_receiver
from tests.bench.cpu import TICKS, Meter, largest_resident, tree_seconds
from tests.bench.options import Options
from tests.bench.receiver import Counts
from tests.bench.report import Report, Target
from tests.bench.workspace import Workspace, use, wait_for

SIZE = 60_000
SECONDS = 6.0
WARM_UP = 2.0
# Each drain meets each endpoint once with a handshake. Over https a round is counted from the first second in which
# these are few, or after so many seconds.
FEW_HANDSHAKES = 0.02  # of the requests
CONNECTING_SECONDS = 15.0
ENDPOINTS = 1000
PER_COMPANY = 4
BARE_IN_FLIGHT = 2000
# When so much of a backlog has come, the rest no longer keeps the engine busy.
NEARLY_ALL = 0.95
PATIENCE = 120.0


@dataclass(slots=True)
class Kind:
    """One kind of receivers, and what each round measured with it."""

    name: str  # as in the keys
    delay: float
    https: bool = False
    per_second: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    handshakes: list[float] = field(default_factory=list)  # for each 1,000 requests
    receiver_percent: list[float] = field(default_factory=list)  # of a core

    def seconds(self, wanted: float) -> float:
        """To count for: what began together is answered together, so no part of one answer's time."""
        return max(wanted, 2 * self.delay)

    @property
    def prefix(self) -> str:
        return "https_" if self.https else ""


def kinds() -> list[Kind]:
    return [Kind("0", 0.0), Kind("0", 0.0, https=True), Kind("50", 0.05), Kind("200", 0.2), Kind("1000", 1.0)]


@dataclass(slots=True)
class Bench:
    """The running engine."""

    pid: int
    meter: Meter
    content: bytes
    size: int
    seconds: float
    warm_up: float

    def measure(self, kind: Kind, receiver: CountingReceiver, subscriptions: Sequence[int]) -> None:
        first = receiver.counts()
        fixtures.publish_backlog(subscriptions, self.size, self.content)
        begun, before = time.monotonic(), first
        self.meter.start()
        time.sleep(self.warm_up + kind.delay)
        if kind.https:
            self._wait_for_connections(receiver, first)
        if (warm := receiver.counts()).answered - first.answered < NEARLY_ALL * self.size:
            begun, before = time.monotonic(), warm
            self.meter.start()
        now = receiver.counts()
        while (time.monotonic() - begun < kind.seconds(self.seconds) or now.answered == before.answered) and (
            now.answered - first.answered < NEARLY_ALL * self.size
        ):
            if time.monotonic() - begun > PATIENCE:
                raise RuntimeError(f"Receivers that answer after {kind.delay:g} s got nothing in {PATIENCE:g} s.")
            time.sleep(0.02)
            now = receiver.counts()
        seconds, cpu = time.monotonic() - begun, self.meter.seconds()
        wait_for(fixtures.cancel_waiting, seconds=PATIENCE, every=0.05, what="the rest of a backlog is cancelled")
        answered = now.answered - before.answered
        kind.per_second.append(answered / seconds)
        # The kernel counts in ticks: of a few deliveries it may not see one.
        kind.cpu_ms.append(max(cpu, 1 / TICKS) * 1000 / answered)
        kind.handshakes.append((now.handshakes - before.handshakes) * 1000 / answered)
        kind.receiver_percent.append((now.cpu - before.cpu) / seconds * 100)

    def _wait_for_connections(self, receiver: CountingReceiver, first: Counts) -> None:
        give_up_at = time.monotonic() + CONNECTING_SECONDS
        before = receiver.counts()
        while before.answered - first.answered < NEARLY_ALL * self.size and time.monotonic() < give_up_at:
            time.sleep(min(1.0, self.warm_up))
            now = receiver.counts()
            if now.handshakes - before.handshakes < FEW_HANDSHAKES * (now.answered - before.answered):
                return
            before = now


def run(workspace: Workspace, options: Options) -> Report:
    size, seconds = options.size or SIZE, options.seconds or SECONDS
    endpoints, warm_up = min(ENDPOINTS, size), min(WARM_UP, seconds)
    ours, bare = kinds(), kinds()
    megabytes, bare_megabytes = 0.0, 0.0
    with ExitStack() as stack:
        receivers = [
            stack.enter_context(_receiver(workspace.folder / f"receiver-{number}", kind, endpoints))
            for number, kind in enumerate(ours)
        ]
        database = workspace.database("receivers")
        use(database)
        owner = fixtures.company()
        content = fixtures.body(owner, fixtures.tracker(owner))
        subscriptions = [
            fixtures.companies_with_endpoints(receiver.urls(endpoints), "post_call", each=PER_COMPANY)
            for receiver in receivers
        ]
        authority = next(receiver.authority for receiver in receivers if receiver.authority)
        pid = stack.enter_context(running_engine(workspace, database, authority=authority))
        use(database)
        meter = Meter(lambda: tree_seconds(pid), workspace.databases.cpu_of(database))
        bench = Bench(pid, meter, content, size, seconds, warm_up)
        for _ in range(options.rounds):
            for ours_now, bare_now, receiver, theirs in zip(ours, bare, receivers, subscriptions, strict=True):
                bench.measure(ours_now, receiver, theirs)
                megabytes = max(megabytes, largest_resident(pid))
                bare_megabytes = max(bare_megabytes, _measure_bare(bare_now, receiver, endpoints, warm_up, seconds))
    return _report(
        ours,
        bare,
        {"worker_mb": megabytes, "bare_worker_mb": bare_megabytes},
        f"{options.rounds} rounds; for each kind {endpoints} endpoints, {PER_COMPANY} to a company, {size} webhooks of "
        f"{fixtures.BODY_BYTES} bytes waiting, counted for {seconds:g} s after {warm_up:g} s and one answer's time; "
        f"bare: one libcurl loop, {BARE_IN_FLIGHT} requests under way, no database",
    )


@contextmanager
def _receiver(folder: Path, kind: Kind, endpoints: int) -> Iterator[CountingReceiver]:
    folder.mkdir()
    with running_counting_receiver(folder, count=endpoints, delay=kind.delay, https=kind.https) as receiver:
        yield receiver


def _measure_bare(kind: Kind, receiver: CountingReceiver, endpoints: int, warm_up: float, seconds: float) -> float:
    """Returns its megabytes."""
    in_flight = min(BARE_IN_FLIGHT, 2 * endpoints)
    sent = run_bare_loop(
        receiver, endpoints, in_flight=in_flight, warm_up=warm_up + kind.delay, seconds=kind.seconds(seconds)
    )
    kind.per_second.append(sent.requests / sent.seconds)
    kind.cpu_ms.append(sent.cpu * 1000 / max(1, sent.requests))
    kind.handshakes.append(sent.handshakes * 1000 / max(1, sent.requests))
    return sent.megabytes


def _report(ours: list[Kind], bare: list[Kind], megabytes: dict[str, float], how: str) -> Report:
    figures: dict[str, object] = {}
    for before, found in (("", ours), ("bare_", bare)):
        for kind in found:
            key = f"{before}{kind.prefix}"
            figures[f"{key}per_second_{kind.name}"] = statistics.median(kind.per_second)
            figures[f"{key}cpu_ms_{kind.name}"] = statistics.median(kind.cpu_ms)
            if kind.https:
                figures[f"{before}handshakes_per_1000"] = statistics.median(kind.handshakes)
    figures |= megabytes
    busiest = max(percent for kind in ours for percent in kind.receiver_percent)
    figures["receiver_cpu_percent"] = busiest
    rate = {kind.prefix + kind.name: statistics.median(kind.per_second) for kind in ours}
    bare_rate = {kind.prefix + kind.name: statistics.median(kind.per_second) for kind in bare}
    return Report(
        "receivers",
        how,
        figures,
        [
            Target("per second, answers after 200 ms / at once", rate["200"] / rate["0"], 0.8),
            Target("per second, answers after 1 s / at once", rate["1000"] / rate["0"], 0.7),
            Target("per second, answers after 200 ms, engine / bare loop", rate["200"] / bare_rate["200"], 0.5),
            Target("per second, answers after 1 s, engine / bare loop", rate["1000"] / bare_rate["1000"], 0.5),
            Target("handshakes for 1,000 deliveries", _handshakes(ours), 20, at_most=True),
            Target("a worker's memory, MB", megabytes["worker_mb"], 300, at_most=True),
            Target("the receiver is not what limits: its percent of a core", busiest, 80, at_most=True),
        ],
    )


def _handshakes(found: list[Kind]) -> float:
    return next(statistics.median(kind.handshakes) for kind in found if kind.https)
