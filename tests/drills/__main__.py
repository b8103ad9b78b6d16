"""`python -m tests.drills`, which `./dev drill` runs."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from callhooks_site.devtools.state import PROJECT, DevError
from tests.drills.options import Options
from tests.drills.result import Result

DRILLS = {
    "machines": "cut off one of several machines, and lose the primary of PostgreSQL to its standby, with clocks apart",
    "restore": "restore a dump, and the archive to a point in time: what is lost, and what is sent again",
    "upgrade": "replace old code by new code under load, with migrations before and after: does a request fail?",
}


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 when the drill went well."""
    asked = _options(arguments)
    log: Path = asked.log / asked.name
    log.mkdir(parents=True, exist_ok=True)
    for old in log.glob("*.log"):
        old.unlink()
    drill = importlib.import_module(f"tests.drills.{asked.name}")
    try:
        result: Result = drill.run(Options(short=asked.short, log=log, commit=asked.commit))
    except DevError as error:
        sys.stderr.write(f"{error}\nThe logs are in {log}.\n")
        return 1
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(f"{result.as_json() if asked.json else result.as_table()}\n")
    return 0 if result.good else 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    listed = "\n".join(f"  {name:10} {words}" for name, words in DRILLS.items())
    parser = argparse.ArgumentParser(
        prog="./dev drill",
        description=f"What operators do to a running installation, done for real under load.\n\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=list(DRILLS), metavar="NAME", help=", ".join(DRILLS))
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--short", action="store_true", help="the smallest form, as in the tests")
    parser.add_argument("--from", dest="commit", default="", metavar="COMMIT", help="upgrade: the commit to begin with")
    parser.add_argument("--log", type=Path, default=PROJECT / "var" / "drill", help="folder of the logs (%(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
