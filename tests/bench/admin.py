"""Every page of the admin with millions of rows: lists, each filter, searches, details, as a member of one company, of
all of them, and as operator. Then reports and the lists of API v3 beside a million calls and 20,000 companies.

`--wide` measures many companies instead: see `wide`. `pages` finds the pages.
"""

from __future__ import annotations

import logging
import statistics
import time

from tests.bench import admin_data, report_pages, vendor_data, vendor_lists, wide
from tests.bench.options import Options
from tests.bench.pages import Timed, Visitor
from tests.bench.report import Report, Target
from tests.bench.workspace import Workspace, use

SIZE = 1_000_000
MOST_MS = 300
ROUNDS = 3  # of each page, after one that is not counted
SLOWEST = 15  # pages listed by name
# A page that takes longer is interrupted, and listed with this time.
GIVE_UP_MS = 20_000


def run(workspace: Workspace, options: Options) -> Report:
    from django.db import connection
    from django.test import override_settings

    if options.wide:
        return wide.run(workspace, options)
    size = options.size or SIZE
    logging.getLogger("django.request").setLevel(logging.ERROR)  # pages that are refused are no news here
    use(workspace.database("admin"))
    begun = time.monotonic()
    data = admin_data.fill(size)
    made = time.monotonic() - begun
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {GIVE_UP_MS}")
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    timed: list[Timed] = []
    with override_settings(STORAGES=plain):
        for who, user in (("admin", data.admin), ("agency", data.agency), ("operator", data.operator)):
            timed += Visitor(who, user, min(options.rounds, ROUNDS)).walk(data.companies, data.terms)
    calls = vendor_data.fill(size)
    rounds = min(options.rounds, ROUNDS)
    with override_settings(STORAGES=plain):
        timed += report_pages.walk(calls, rounds)
    ordered = sorted(timed, key=lambda one: -one.ms)
    asked = sorted(vendor_lists.walk(calls, vendor_lists.paths(calls), rounds), key=lambda one: -one.ms)
    broken = [one for one in timed if one.status >= 500] + [one for one in asked if one.status != 200]
    return Report(
        "admin",
        f"{data.deliveries:,} deliveries, {size:,} of them of the admin's company; each page the median of "
        f"{rounds} in this process; v3: {calls.calls:,} calls of one company",
        {
            "pages": len(timed),
            "median_ms": statistics.median(one.ms for one in timed),
            "too_slow": sum(one.ms > MOST_MS for one in timed),
            "most_queries": max(one.queries for one in timed),
            "filled_in_seconds": made,
            "slowest_ms": {one.name: one.ms for one in ordered[:SLOWEST]},
            "v3_requests": len(asked),
            "v3_median_ms": statistics.median(one.ms for one in asked),
            "v3_slowest_ms": {one.name: one.ms for one in asked[:SLOWEST]},
            "broken": [one.name for one in broken],
        },
        [
            Target("the slowest page, ms", ordered[0].ms, MOST_MS, at_most=True),
            Target("the slowest answer of API v3, ms", asked[0].ms, MOST_MS, at_most=True),
            Target("pages that failed", float(len(broken)), 0, at_most=True),
        ],
    )
