"""Whether bad endpoints slow good ones: a hundred endpoints, and how long events take to those that are well."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.bench import fixtures
from tests.bench.arrivals import Arrivals, running_receiver
from tests.bench.clusters import running_engine
from tests.bench.options import Options
from tests.bench.report import Report, Target, percentile
from tests.bench.workspace import Workspace, use, wait_for

if TYPE_CHECKING:
    from calls.models import Tracker

ENDPOINTS = 100
RATE = 40
SECONDS = 30.0
# What has not come so long after the last event counts as undelivered.
PATIENCE = 10.0
# An answer just under the deadline: so much before it.
JUST_UNDER = 1.0


@dataclass(frozen=True, slots=True)
class Variant:
    name: str
    bad: int
    late: bool = False  # answers just under the deadline, instead of never


BASELINE = Variant("baseline", 0)
VARIANTS = (Variant("dead_10", 10), Variant("dead_50", 50), Variant("late_10", 10, late=True))


@dataclass(slots=True)
class Results:
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    undelivered: int = 0


def run(workspace: Workspace, options: Options) -> Report:
    results = {variant.name: Results() for variant in (BASELINE, *VARIANTS)}
    rate, seconds = options.size or RATE, options.seconds or SECONDS
    database = workspace.database("isolation")
    with running_receiver(ENDPOINTS) as good, running_engine(workspace, database):
        use(database)
        for _ in range(options.rounds):
            for variant in (BASELINE, *VARIANTS):
                _round(good, variant, rate, seconds, results[variant.name])
    return _report(results, f"{options.rounds} rounds of {seconds:g} s, {rate} events/s to {ENDPOINTS} endpoints")


def _report(results: dict[str, Results], how: str) -> Report:
    baseline = results[BASELINE.name]
    figures: dict[str, object] = {}
    targets = []
    for variant in VARIANTS:
        found = results[variant.name]
        keys = {
            "healthy_p99_ms": statistics.median(found.p99),
            "baseline_p99_ms": statistics.median(baseline.p99),
            "healthy_undelivered": found.undelivered,
            "healthy_p50_ms": statistics.median(found.p50),
        }
        # The keys of the first variant stand alone; each variant has all of them under its name.
        figures |= {**(keys if not figures else {}), variant.name: keys}
        ratio = statistics.median(found.p99) / statistics.median(baseline.p99)
        targets += [
            Target(f"{variant.name}: p99 of healthy / baseline", ratio, 2, at_most=True),
            Target(f"{variant.name}: healthy ones undelivered", found.undelivered, 0, at_most=True),
        ]
    figures["baseline_undelivered"] = baseline.undelivered
    figures["baseline_p50_ms"] = statistics.median(baseline.p50)
    return Report("isolation", f"{how}; medians of the rounds' percentiles", figures, targets)


def _round(good: Arrivals, variant: Variant, rate: int, seconds: float, results: Results) -> None:
    """One round with new endpoints: nobody knows yet which are bad."""
    from django.conf import settings

    answer = str(settings.WEBHOOK_TOTAL_TIMEOUT - JUST_UNDER) if variant.late else "never"
    with ExitStack() as stack:
        bad = stack.enter_context(running_receiver(ENDPOINTS, answer)) if variant.bad else good
        callers = _endpoints([(bad if number < variant.bad else good).urls[number] for number in range(ENDPOINTS)])
        healthy = {caller.pk for caller in callers[variant.bad :]}
        rings = fixtures.ring_at_rate(callers, rate, seconds)
        committed = fixtures.by_webhook_id([ring for ring in rings if ring.caller.pk in healthy])
        came = good.wait_for(committed, PATIENCE)
    _clear()
    took = [(came[webhook_id] - at) * 1000 for webhook_id, at in committed.items() if webhook_id in came]
    results.undelivered += len(committed) - len(took)
    results.p50.append(percentile(took, 50))
    results.p99.append(percentile(took, 99))


def _endpoints(urls: Sequence[str]) -> list[Tracker]:
    """For each a company of its own with one subscription."""
    from django.db import transaction

    callers = []
    with transaction.atomic():
        for url in urls:
            owner = fixtures.company()
            fixtures.subscribe(owner, [f"{url}/hooks"], "pre_call")
            callers.append(fixtures.tracker(owner))
    return callers


def _clear() -> None:
    """Nothing of this round is sent in the next one. The bad receiver has gone, and what waited for it has failed."""
    from subscriptions.models import Subscription

    Subscription.objects.update(state=Subscription.State.ARCHIVED)
    wait_for(fixtures.cancel_waiting, every=0.05, what="requests of the last round end")
