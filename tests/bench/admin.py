"""Every page of the admin with millions of rows: lists, each filter, searches, details, as a member of one company, of
all of them, and as operator. Then reports and the lists of API v3 beside a million calls and 20,000 companies.

`--wide` measures many companies instead: see `wide`. `pages` finds the pages.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tests.bench import admin_data, api_lists, report_pages, vendor_data, vendor_lists, wide
from tests.bench.options import Options
from tests.bench.pages import Timed, Visitor
from tests.bench.report import Report, Target
from tests.bench.site import filled_site
from tests.bench.workspace import Workspace

SIZE = 1_000_000
MOST_MS = 300
ROUNDS = 3  # of each page, after one that is not counted
SLOWEST = 15  # pages listed by name


def run(workspace: Workspace, options: Options) -> Report:
    if options.wide:
        return wide.run(workspace, options)
    size = options.size or SIZE
    rounds = min(options.rounds, ROUNDS)
    timed: list[Timed] = []
    with filled_site(workspace, "admin", lambda: (admin_data.fill(size), vendor_data.fill(size))) as (filled, made):
        data, calls = filled
        for who, user in (("admin", data.admin), ("agency", data.agency), ("operator", data.operator)):
            timed += Visitor(who, user, rounds).walk(data.companies, data.terms)
        timed += _ask(data, rounds)
        timed += report_pages.walk(calls, rounds)
    asked = [*vendor_lists.walk(calls, vendor_lists.paths(calls), rounds)]
    costly, slow = sorted(timed, key=lambda one: -one.cpu_ms), sorted(timed, key=lambda one: -one.ms)
    costly_v3, slow_v3 = sorted(asked, key=lambda one: -one.cpu_ms), sorted(asked, key=lambda one: -one.ms)
    broken = [one.name for one in timed if one.status >= 500] + [one.name for one in asked if one.status != 200]
    return Report(
        "admin",
        f"{data.deliveries:,} deliveries, {size:,} of them of the admin's company; each page the median of "
        f"{rounds} in this process; v3: {calls.calls:,} calls of one company; CPU milliseconds of Python and "
        "PostgreSQL, and those that passed, which other work on the machine makes more",
        {
            "pages": len(timed),
            "median_cpu_ms": statistics.median(one.cpu_ms for one in timed),
            "median_ms": statistics.median(one.ms for one in timed),
            "too_slow": sum(one.cpu_ms > MOST_MS for one in timed),
            "longer": sum(one.ms > MOST_MS for one in timed),
            "most_queries": max(one.queries for one in timed),
            "filled_in_seconds": made,
            "slowest_cpu_ms": {one.name: one.cpu_ms for one in costly[:SLOWEST]},
            "slowest_ms": {one.name: one.ms for one in slow[:SLOWEST]},
            "v3_requests": len(asked),
            "v3_median_ms": statistics.median(one.ms for one in asked),
            "v3_slowest_cpu_ms": {one.name: one.cpu_ms for one in costly_v3[:SLOWEST]},
            "v3_slowest_ms": {one.name: one.ms for one in slow_v3[:SLOWEST]},
            "broken": broken,
        },
        [
            Target("the slowest page, CPU ms", costly[0].cpu_ms, MOST_MS, at_most=True),
            Target("the slowest answer of API v3, CPU ms", costly_v3[0].cpu_ms, MOST_MS, at_most=True),
            Target("pages that failed", float(len(broken)), 0, at_most=True),
        ],
    )


def _ask(data: admin_data.AdminData, rounds: int) -> Iterator[Timed]:
    """The lists of API v1, by a key of the admin's company."""
    visitor = Visitor("company's key", data.admin, rounds)
    visitor.client.logout()
    visitor.headers = {"Authorization": f"Bearer {data.key}"}
    yield from (visitor.time(url)[0] for url in api_lists.paths(data.hook))
