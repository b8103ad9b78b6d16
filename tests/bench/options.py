"""What can be asked of `./dev bench`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

# What each shows, and what --size and --seconds mean to it.
BENCHES = {
    "delivery": """\
deliveries a second and CPU for each: the engine, the naive way (a task, requests.post and an
ORM save for each delivery), and libcurl alone
--size: the backlog of a round (20000)""",
    "receivers": """\
1,000 endpoints that answer after 0, 50, 200 and 1,000 ms, and over https; beside each libcurl
alone
--size: the backlog of a round (60000)   --seconds: counted of each round (6)""",
    "latency": """\
milliseconds from a commit to the receiver, one event at a time; CPU of an idle cluster
--size: events of a round (100)   --seconds: watched while idle (65)""",
    "waiting": """\
what 1,000, 20,000 and 200,000 endpoints that wait for a retry cost a company that publishes 20
events a second
--size: the largest number that waits (200000)   --seconds: of a round (10)""",
    "isolation": """\
whether others slow a hundred healthy endpoints: dead and late ones, a slow company, names that are
never resolved, a company that publishes 20,000 webhooks at once
--size: events a second (40)   --seconds: of a round (20)""",
    "scale": """\
deliveries a second with 1, 2 and 4 drains, to 10, 1,000 and 20,000 endpoints of as many companies;
what the claim lock allows, and the ceiling for 4, 16 and 64 cores
--size: the backlog of a round (20000)""",
    "backlog": """\
whether a claim costs more when more is pending
--size: the largest number of pending deliveries, five times as many finished ones beside (1000000)""",
    "retention": """\
giving back the oldest of 30 days of a log: retention's deletes, and attempts in partitions that are
dropped; time, WAL, bloat, and how long writes beside it wait
--size: attempts (1000000)   --seconds: of the load alone (10)""",
    "publish": """\
what a subscription adds to a save
--size: saves of a round (300)""",
    "path": """\
an event from the API's request to the receiver, for 1,000 companies with an endpoint each: rate,
latency, statements, and CPU of web server, PostgreSQL and cluster; beside them a bare DRF view
--size: forms of a round, a quarter as many whole calls (1000)   --seconds: at 20 a second (10)""",
    "ingest": """\
calls a second through the API, one by one and in batches; beside them a bare Django view
--size: calls of a round; five times as many in batches (1000)""",
    "admin": """\
every page of the admin beside millions of deliveries; lists of API v3 beside as many calls
--size: deliveries of each of three companies, and calls of a fourth (1000000)
--wide: instead among 20,000 companies with 100,000 endpoints, as operator, owner of one, and agencies
of a quarter and of half of them; --size: companies (20000)""",
}
NAMES = tuple(BENCHES)


@dataclass(frozen=True, slots=True)
class Options:
    rounds: int = 5
    size: int | None = None
    seconds: float | None = None
    wide: bool = False


def read(arguments: Sequence[str]) -> tuple[list[str], bool, Options]:
    """The benches to run, whether the answer is wanted as JSON, and how they are to be run."""
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description="Measure the service. Each figure stands beside what it is compared with, measured in turn in the "
        "same run. './dev bench compare COMMIT NAME' measures another commit and this tree in turn.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="+", choices=NAMES, metavar="NAME", help="one or several of those below")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each bench instead of a table")
    parser.add_argument("--rounds", type=_at_least_one, default=5, help="of which medians are taken (5)")
    parser.add_argument("--size", type=_at_least_one, help="see below")
    parser.add_argument("--seconds", type=float, help="see below")
    parser.add_argument("--wide", action="store_true", help="for admin only, see below")
    given = parser.parse_args(arguments)
    if given.wide and given.names != ["admin"]:
        parser.error("--wide belongs to admin alone")
    return given.names, given.json, Options(given.rounds, given.size, given.seconds, given.wide)


def _epilog() -> str:
    lines = []
    for name, text in BENCHES.items():
        first, *rest = text.splitlines()
        lines += [f"{name:11}{first}", *(f"{'':11}{line}" for line in rest)]
    return "\n".join(lines)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be 1 or more")
    return number
