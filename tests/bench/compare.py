"""`./dev bench compare COMMIT NAME`: a bench on another commit and on this working tree, in turn, in one run.

Each is measured by the bench that it comes with, in the Python environment of this tree. A round of one is followed by
a round of the other, so whatever else happens on the machine meets both.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from callhooks_site.devtools.state import PROJECT, DevError

# Where the benches lie, and where they lay until rooms were made.
PACKAGES = ("tests.bench", "callhooks_site.devtools.bench")
NOT_FIGURES = ("bench", "setup", "targets")


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, or 1 if something kept us from measuring."""
    parser = argparse.ArgumentParser(prog="./dev bench compare", description=__doc__)
    parser.add_argument("commit", help="what to compare this working tree with")
    parser.add_argument("name", help="of the bench")
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=5, help="of each, of which medians are taken (5)")
    parser.add_argument("--size", type=int, help="as for the bench")
    parser.add_argument("--seconds", type=float, help="as for the bench")
    given = parser.parse_args(arguments)
    options = ["--json", "--rounds", "1"]
    options += ["--size", str(given.size)] if given.size else []
    options += ["--seconds", str(given.seconds)] if given.seconds else []
    before: list[dict[str, Any]] = []
    after: list[dict[str, Any]] = []
    try:
        with _checkout(given.commit) as other:
            for _ in range(given.rounds):
                before.append(_measure(other, given.name, options))
                after.append(_measure(PROJECT, given.name, options))
    except DevError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    result = {"bench": "compare", "name": given.name, "commit": given.commit, **compared(before, after)}
    sys.stdout.write((json.dumps(result) if given.json else _table(result, given.rounds)) + "\n")
    return 0


def compared(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Medians of the figures that both have, by name, and the second divided by the first."""
    old, new = _medians(before), _medians(after)
    shared = [name for name in new if name in old]
    return {
        "before": {name: old[name] for name in shared},
        "after": {name: new[name] for name in shared},
        "ratio": {name: float(f"{new[name] / old[name]:.4g}") for name in shared if old[name]},
    }


def _medians(reports: Sequence[dict[str, Any]]) -> dict[str, float]:
    flat = [dict(_numbers(report)) for report in reports]
    names = [name for name in flat[0] if all(name in one for one in flat)]
    return {name: statistics.median(one[name] for one in flat) for name in names}


def _numbers(report: dict[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    for name, value in report.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{before}{name}.")
        elif isinstance(value, int | float) and name not in NOT_FIGURES:
            yield f"{before}{name}", float(value)


@contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    """Its files in a folder that is removed afterwards. Raises DevError."""
    archive = subprocess.run(["git", "archive", commit], cwd=PROJECT, capture_output=True, check=False)
    if archive.returncode:
        raise DevError(f"There is no commit {commit}: {archive.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory(prefix="callhooks-compare-") as folder:
        with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


def _measure(tree: Path, name: str, options: Sequence[str]) -> dict[str, Any]:
    """The report of one round there. Raises DevError."""
    package = next((one for one in PACKAGES if (tree / one.replace(".", "/")).is_dir()), None)
    if package is None:
        raise DevError("That commit has no benches.")
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", package, name, *options], cwd=tree, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DevError(f"bench {name} failed in {tree}:\n{done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def _table(result: dict[str, Any], rounds: int) -> str:
    width = max(map(len, result["before"]), default=0)
    lines = [f"{result['name']}: {rounds} rounds of {result['commit']} and of this working tree in turn", ""]
    lines.append(f"  {'':{width}}  {'before':>12}  {'after':>12}  {'after / before':>14}")
    for name, before in result["before"].items():
        ratio = result["ratio"].get(name)
        shown = f"{ratio:14.3g}" if ratio is not None else f"{'':14}"
        lines.append(f"  {name:{width}}  {before:12,.4g}  {result['after'][name]:12,.4g}  {shown}")
    return "\n".join(lines)
