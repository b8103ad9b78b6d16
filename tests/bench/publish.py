"""What a save costs when something is subscribed to what it tells, and the part of the serializer in it."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from tests.bench import fixtures
from tests.bench.cpu import thread_seconds
from tests.bench.options import Options
from tests.bench.report import Report, Target
from tests.bench.workspace import Workspace, use

if TYPE_CHECKING:
    from calls.models import Tracker

SIZE = 300
SUBSCRIPTIONS = (0, 1, 10)
TURN = 10


def run(workspace: Workspace, options: Options) -> Report:
    from django.db import connection

    size = options.size or SIZE
    use(workspace.database("publish"))
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    callers = {number: _caller(number) for number in SUBSCRIPTIONS}
    rates: dict[int, list[float]] = {number: [] for number in SUBSCRIPTIONS}
    cpu: dict[int, list[float]] = {number: [] for number in SUBSCRIPTIONS}
    serializer: list[float] = []
    for caller in callers.values():
        _save(caller, min(size, 20))
    for _ in range(options.rounds):
        for number, (seconds, used) in _turns(callers, size, backend).items():
            rates[number].append(size / seconds)
            cpu[number].append(used * 1000 / size)
        serializer.append(_serializer(callers[1], size))
    with_one = [one - none for one, none in zip(cpu[1], cpu[0], strict=True)]
    with_ten = [ten - none for ten, none in zip(cpu[10], cpu[0], strict=True)]
    added = statistics.median(with_one)
    return Report(
        "publish",
        f"{options.rounds} rounds of {size} saves of a call that ends, each with its post_call; no cluster runs",
        {
            **{f"saves_per_second_{number}": statistics.median(rates[number]) for number in SUBSCRIPTIONS},
            "added_cpu_ms": added,
            "added_cpu_ms_10": statistics.median(with_ten),
            "serializer_cpu_ms": statistics.median(serializer),
            "save_cpu_ms": statistics.median(cpu[0]),
        },
        [Target("CPU that one subscription adds to a save, ms", added, 2, at_most=True)],
    )


def _caller(subscriptions: int) -> Tracker:
    owner = fixtures.company()
    fixtures.subscribe(owner, [f"https://example.com/hooks/{number}" for number in range(subscriptions)], "post_call")
    return fixtures.tracker(owner)


def _save(caller: Tracker, number: int) -> None:
    for _ in range(number):
        fixtures.ended_call(caller.company, caller).save()


def _serializer(caller: Tracker, number: int) -> float:
    """CPU milliseconds to make the bytes of a post_call out of a call that was read."""
    from calls.models import Call
    from calls.selectors import read_for_webhooks
    from subscriptions.events import catalogue

    call, *_ = read_for_webhooks(list(Call.objects.filter(company=caller.company).values_list("pk", flat=True)[:1]))
    kind = catalogue.get("post_call")
    before = time.process_time()
    for _ in range(number):
        catalogue.build_body(kind, call)
    return (time.process_time() - before) * 1000 / number


def _turns(callers: dict[int, Tracker], number: int, backend: int) -> dict[int, tuple[float, float]]:
    """For each caller, seconds and CPU seconds (of this process and its backend) of so many saves, a few at a time in
    turn, so that what else goes on on the machine meets all alike."""
    spent = dict.fromkeys(callers, (0.0, 0.0))
    done = 0
    while done < number:
        few = min(TURN, number - done)
        for key, caller in callers.items():
            started, before = time.monotonic(), time.process_time() + thread_seconds(backend)
            _save(caller, few)
            seconds, cpu = spent[key]
            used = time.process_time() + thread_seconds(backend) - before
            spent[key] = seconds + time.monotonic() - started, cpu + used
        done += few
    return spent
