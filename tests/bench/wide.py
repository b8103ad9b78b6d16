"""`./dev bench admin --wide`: every page of an operator, of an owner and of two agencies, and the API's lists, in an
installation of 20,000 companies: CPU time of the request (Python and its PostgreSQL backend), bytes and queries."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tests.bench import api_lists, wide_data
from tests.bench.options import Options
from tests.bench.pages import Timed, Visitor
from tests.bench.report import Report, Target
from tests.bench.site import filled_site
from tests.bench.workspace import Workspace

MOST_MS, MOST_KB = 300, 300
ROUNDS = 2  # of each page, after one that is not counted
SLOWEST = 15  # pages listed by name
V3 = ("companies", "users", "calls", "trackers", "tags", "form_submissions", "calls/summary")


def run(workspace: Workspace, options: Options) -> Report:
    size, rounds = options.size or wide_data.COMPANIES, min(options.rounds, ROUNDS)
    with filled_site(workspace, "wide", lambda: wide_data.fill(size)) as (data, made):
        timed = [*_walk(data, rounds), *_ask(data, rounds)]
    costly, heavy = sorted(timed, key=lambda one: -one.cpu_ms), sorted(timed, key=lambda one: -one.size)
    broken = [one.name for one in timed if one.status >= 500]
    return Report(
        "admin --wide",
        f"{size:,} companies, {data.endpoints:,} endpoints; each page the median of {rounds} in this process; "
        "CPU milliseconds of Python and PostgreSQL",
        {
            "pages": len(timed),
            "median_ms": statistics.median(one.cpu_ms for one in timed),
            "too_slow": sum(one.cpu_ms > MOST_MS for one in timed),
            "too_big": sum(one.size > MOST_KB * 1000 for one in timed),
            "most_queries": max(one.queries for one in timed),
            "filled_in_seconds": made,
            "slowest_ms": {one.name: one.cpu_ms for one in costly[:SLOWEST]},
            "biggest_kb": {one.name: one.size / 1000 for one in heavy[:SLOWEST]},
            "broken": broken,
        },
        [
            Target("the slowest page, ms", costly[0].cpu_ms, MOST_MS, at_most=True),
            Target("the biggest page, KB", heavy[0].size / 1000, MOST_KB, at_most=True),
            Target("pages that failed", float(len(broken)), 0, at_most=True),
        ],
    )


def _walk(data: wide_data.WideData, rounds: int) -> Iterator[Timed]:
    visitors = {
        "owner": data.owner, "agency": data.agency, "great agency": data.great_agency, "operator": data.operator,
    }  # fmt: skip
    for who, user in visitors.items():
        yield from Visitor(who, user, rounds).walk(data.companies, data.terms)


def _ask(data: wide_data.WideData, rounds: int) -> Iterator[Timed]:
    """The API's lists, by an operator's key and by a company's."""
    company = f"COM{data.account}"
    api = [*api_lists.paths(data.hook)]
    accounts = ("/v3/a.json", "/v3/a.json?per_page=250", "/v3/a.json?per_page=250&page=70")
    v3 = [*accounts, *(f"/v3/a/ACC{data.account}/{name}.json" for name in V3)]
    for who, key in (("operator's key", data.operator_key), ("company's key", data.company_key)):
        visitor = Visitor(who, data.operator, rounds)
        visitor.client.logout()
        visitor.headers = {"Authorization": f"Bearer {key}"}
        if key == data.operator_key:
            visitor.headers["Callhooks-Company"] = company
        yield from (visitor.time(url)[0] for url in api)
        visitor.headers = {"Authorization": f'Token token="{key}"'}
        yield from (visitor.time(url)[0] for url in v3)
