"""Whether bad endpoints and busy companies slow others: how long events take to a hundred healthy endpoints."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
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
LEAST_ENDPOINTS = 20
RATE = 40
SECONDS = 20.0
# What has not come so long after the last event counts as undelivered.
PATIENCE = 10.0
# An answer just under the deadline: so much before it.
JUST_UNDER = 1.0
SILENT_DNS = Path(__file__).parent / "silent_dns"
SILENT_NAME = "receiver-{}.silent-dns.example.com"


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Other companies, all of whose webhooks are there when the round begins. They answer at once, just under the
    deadline, or their names are never resolved."""

    companies: int
    endpoints: int  # of all together
    webhooks: int
    late: bool = False
    silent_dns: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """`bad`: so many of the hundred endpoints never answer, or just under the deadline."""

    name: str
    bad: int = 0
    late: bool = False
    neighbours: Neighbours | None = None


BASELINE = Variant("baseline")
VARIANTS = (
    Variant("dead_10", bad=10),
    Variant("dead_50", bad=50),
    Variant("late_10", bad=10, late=True),
    Variant("slow_company", neighbours=Neighbours(companies=1, endpoints=150, webhooks=3_000, late=True)),
    Variant("dead_dns", neighbours=Neighbours(companies=10, endpoints=150, webhooks=1_500, silent_dns=True)),
    Variant("flood", neighbours=Neighbours(companies=1, endpoints=10, webhooks=20_000)),
)


@dataclass(slots=True)
class Results:
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    undelivered: int = 0


def run(workspace: Workspace, options: Options) -> Report:
    results = {variant.name: Results() for variant in (BASELINE, *VARIANTS)}
    rate, seconds = options.size or RATE, options.seconds or SECONDS
    part = min(1.0, seconds / SECONDS)  # a short round has few endpoints, neighbours and webhooks of theirs
    database = workspace.database("isolation")
    lookups = workspace.folder / "lookups"
    lookups.touch()
    endpoints = max(LEAST_ENDPOINTS, int(ENDPOINTS * part))
    with (
        running_receiver(endpoints) as good,
        running_engine(workspace, database, PYTHONPATH=str(SILENT_DNS), SILENT_DNS_LOG=str(lookups)),
    ):
        use(database)
        owner = fixtures.company()
        content = fixtures.body(owner, fixtures.tracker(owner))
        for _ in range(options.rounds):
            for variant in (BASELINE, *VARIANTS):
                with _neighbours(variant.neighbours, part, content):
                    _round(good, variant, endpoints, rate, seconds, results[variant.name])
                _clear()
    if not lookups.read_text():
        raise RuntimeError("The engine looked no name up with Python's getaddrinfo: dead_dns proves nothing.")
    return _report(results, f"{options.rounds} rounds of {seconds:g} s, {rate} events/s to {endpoints} endpoints")


@contextmanager
def _neighbours(wanted: Neighbours | None, part: float, content: bytes) -> Iterator[None]:
    """They have got their webhooks to send."""
    with ExitStack() as stack:
        if wanted:
            each = max(1, int(wanted.endpoints * part) // wanted.companies)
            endpoints = each * wanted.companies
            if wanted.silent_dns:
                urls = [f"http://{SILENT_NAME.format(number)}/hooks" for number in range(endpoints)]
            else:
                answer = _just_under_the_deadline() if wanted.late else "now"
                urls = stack.enter_context(running_receiver(endpoints, answer)).urls
            subscriptions = fixtures.companies_with_endpoints(urls, "post_call", each=each)
            fixtures.publish_backlog(subscriptions, int(wanted.webhooks * part), content)
        yield


def _just_under_the_deadline() -> str:
    from django.conf import settings

    return str(settings.WEBHOOK_TOTAL_TIMEOUT - JUST_UNDER)


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


def _round(good: Arrivals, variant: Variant, endpoints: int, rate: int, seconds: float, results: Results) -> None:
    """One round with new endpoints: nobody knows yet which are bad."""
    answer = _just_under_the_deadline() if variant.late else "never"
    with ExitStack() as stack:
        bad = stack.enter_context(running_receiver(endpoints, answer)) if variant.bad else good
        some = variant.bad * endpoints // ENDPOINTS
        callers = _endpoints([(bad if number < some else good).urls[number] for number in range(endpoints)])
        healthy = {caller.pk for caller in callers[some:]}
        rings = fixtures.ring_at_rate(callers, rate, seconds)
        committed = fixtures.by_webhook_id([ring for ring in rings if ring.caller.pk in healthy])
        came = good.wait_for(committed, PATIENCE)
        now = time.monotonic()
    # What did not come counts with the time that it was waited for.
    took = [(came.get(webhook_id, now) - at) * 1000 for webhook_id, at in committed.items()]
    results.undelivered += len(committed.keys() - came.keys())
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
