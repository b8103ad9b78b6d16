"""What can be asked of `./dev bench`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

NAMES = ("delivery", "latency", "isolation", "backlog", "publish", "ingest", "admin")
EPILOG = """\
delivery   --size: the backlog                                 (20000)
latency    --size: events per round   --seconds: watched idle  (100, 65)
isolation  --size: events a second    --seconds: of a round    (40, 30)
backlog    --size: the largest number of pending deliveries    (1000000; five times as many finished ones beside)
publish    --size: saves per round                             (300)
ingest     --size: calls per round, one by one; five times as many in batches  (1000)
admin      --size: deliveries of each of three companies       (1000000)
"""


@dataclass(frozen=True, slots=True)
class Options:
    rounds: int = 5
    size: int | None = None
    seconds: float | None = None
    https: bool = False


def read(arguments: Sequence[str]) -> tuple[list[str], bool, Options]:
    """The benches to run, whether the answer is wanted as JSON, and how they are to be run."""
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description="Measure the delivery engine, each figure beside what it is compared with, in the same run.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="+", choices=NAMES, metavar="|".join(NAMES), help="one or several")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each bench instead of a table")
    parser.add_argument("--rounds", type=_at_least_one, default=5, help="of which medians are taken (5)")
    parser.add_argument("--size", type=_at_least_one, help="see below")
    parser.add_argument("--seconds", type=float, help="see below")
    parser.add_argument("--https", action="store_true", help="delivery: measure TLS beside plain http")
    given = parser.parse_args(arguments)
    return given.names, given.json, Options(given.rounds, given.size, given.seconds, given.https)


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be 1 or more")
    return number
