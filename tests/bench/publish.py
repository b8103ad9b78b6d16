"""What a save costs when something is subscribed to what it tells, and the part of the serializer in it."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from tests.bench import fixtures
from tests.bench.cpu import thread_seconds
from tests.bench.options import Options
from tests.bench.report import Report, Target
from tests.bench.workspace import Workspace, use

if TYPE_CHECKING:
    from calls.models import Tracker

SIZE = 300
TURN = 10
CONDITIONS = {"all": [{"field": "direction", "in": ["inbound"]}, {"field": "duration", "min": 1}]}
SHAPE = {"leave_out": ["custom"], "rename": {"note": "remark"}, "mask": ["phone_numbers", "names"]}
# What is subscribed: so many subscriptions, and what each asks for. All conditions hold, so as much is sent.
CASES: dict[str, tuple[int, dict[str, Any]]] = {
    "0": (0, {}),
    "1": (1, {}),
    "10": (10, {}),
    "10_filtered": (10, {"conditions": CONDITIONS}),
    "10_shaped": (10, {"shape": SHAPE}),
}


def run(workspace: Workspace, options: Options) -> Report:
    from django.db import connection

    size = options.size or SIZE
    use(workspace.database("publish"))
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    callers = {case: _caller(*subscribed) for case, subscribed in CASES.items()}
    rates: dict[str, list[float]] = {case: [] for case in CASES}
    cpu: dict[str, list[float]] = {case: [] for case in CASES}
    serializer: list[float] = []
    for caller in callers.values():
        _save(caller, min(size, 20))
    for _ in range(options.rounds):
        for case, (seconds, used) in _turns(callers, size, backend).items():
            rates[case].append(size / seconds)
            cpu[case].append(used * 1000 / size)
        serializer.append(_serializer(callers["1"], size))

    def added(case: str, to: str) -> float:
        return statistics.median(more - less for more, less in zip(cpu[case], cpu[to], strict=True))

    filtering = added("10_filtered", "10") / 10
    shaping = added("10_shaped", "10") / 10
    return Report(
        "publish",
        f"{options.rounds} rounds of {size} saves of a call that ends, each with its post_call; no cluster runs",
        {
            **{f"saves_per_second_{case}": statistics.median(rates[case]) for case in CASES},
            "added_cpu_ms": added("1", "0"),
            "added_cpu_ms_10": added("10", "0"),
            "added_cpu_ms_of_conditions": filtering,
            "added_cpu_ms_of_a_shape": shaping,
            "serializer_cpu_ms": statistics.median(serializer),
            "save_cpu_ms": statistics.median(cpu["0"]),
        },
        [
            Target("CPU that one subscription adds to a save, ms", added("1", "0"), 2, at_most=True),
            Target("CPU that the conditions of one subscription add, ms", filtering, 0.1, at_most=True),
        ],
    )


def _caller(subscriptions: int, asked: dict[str, Any]) -> Tracker:
    from subscriptions.models import Subscription

    owner = fixtures.company()
    fixtures.subscribe(owner, [f"https://example.com/hooks/{number}" for number in range(subscriptions)], "post_call")
    if asked:
        Subscription.objects.filter(company=owner).update(**asked)
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


def _turns(callers: dict[str, Tracker], number: int, backend: int) -> dict[str, tuple[float, float]]:
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
