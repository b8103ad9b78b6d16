"""Apply each mutant of the list to a copy of the tree, run its tests, and print those that no test noticed. First all
these tests run on the code as it is: a test that fails anyway notices nothing."""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

from callhooks_site.devtools.database import throw_away_server
from callhooks_site.devtools.state import PROJECT, DevError, environment, make_secrets
from tests.mutants.mutant import Mutant, read_list

WORKERS = 2  # copies at once, each with a database of its own: as many as a small build machine has cores
SECONDS = 240  # for the tests of one mutant: a fault may well make a test wait until its own patience ends
SECONDS_UNCHANGED = 1200  # for all tests together, which begin with making the database
TESTS_FAILED = 1  # pytest's exit code; others mean that the tests could not be run at all


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 if every mutant was noticed, 1 if one survived or could not be tried."""
    parser = argparse.ArgumentParser(prog="./dev mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="only mutants whose name contains one of these words")
    parser.add_argument("--json", action="store_true", help="the result as one line of JSON")
    parser.add_argument("--unchecked", action="store_true", help="do not run the tests on the unchanged code first")
    given = parser.parse_args(arguments)
    mutants = [m for m in read_list() if not given.names or any(word in m.name for word in given.names)]
    if faults := [fault for mutant in mutants if (fault := mutant.fault(PROJECT))]:
        sys.stderr.write("\n".join(["The list is out of date:", *faults, ""]))
        return 1
    try:
        survivors, broken = try_all(mutants, checked=not given.unchecked)
    except DevError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if given.json:
        report = {"mutants": len(mutants), "survivors": survivors, "broken": broken}
        sys.stdout.write(f"{json.dumps(report)}\n")
    else:
        sys.stdout.write("".join(f"survived: {name}\n" for name in survivors))
        sys.stdout.write("".join(f"could not be tried: {name}\n" for name in broken))
        sys.stdout.write(f"{len(mutants)} mutants, {len(survivors)} survivors\n")
    return 1 if survivors or broken or not mutants else 0


def try_all(mutants: Sequence[Mutant], *, checked: bool) -> tuple[list[str], list[str]]:
    """The names of those that survived, and of those whose tests could not be run."""
    waiting: SimpleQueue[Mutant] = SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)
    survivors: list[str] = []
    broken: list[str] = []
    workers = min(WORKERS, len(mutants))
    sound = threading.Barrier(workers)  # broken by the worker whose tests fail without any mutant

    def work(share: Sequence[str]) -> None:
        with copy_of_the_tree() as root, throw_away_server("mutants", migrated=True) as server:
            env = environment(server.url, make_secrets(), var=root / "var" / "test")
            unchanged = run_pytest(share, root, env, SECONDS_UNCHANGED) if checked else None
            if unchanged and unchanged.returncode:
                broken.append("anything: these tests fail without a fault, too")
                sys.stderr.write(unchanged.stdout[-5000:])
                sound.abort()
            sound.wait()
            while True:
                try:
                    mutant = waiting.get_nowait()
                except Empty:
                    return
                code = run_tests(mutant, root, env)
                verdict = {TESTS_FAILED: "noticed", 0: "SURVIVED"}.get(code, f"could not be tried (exit code {code})")
                sys.stderr.write(f"{verdict:10} {mutant.name}\n")
                if code == 0:
                    survivors.append(mutant.name)
                elif code != TESTS_FAILED:
                    broken.append(mutant.name)

    def work_or_stop(share: Sequence[str]) -> None:
        try:
            work(share)
        except threading.BrokenBarrierError:
            pass
        finally:
            sound.abort()  # nobody waits for a worker that ended early

    tests = sorted({test for mutant in mutants for test in mutant.tests})
    shares = [tests[number::workers] or tests[:1] for number in range(workers)]
    threads = [threading.Thread(target=work_or_stop, args=[share]) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    untried = waiting.qsize()  # a worker ended early: it could not make its copy or its database
    return sorted(survivors), sorted(broken) + [f"{untried} more: a worker ended early"] * bool(untried)


@contextmanager
def copy_of_the_tree() -> Iterator[Path]:
    """What git tracks and what is new, as it stands now, with the same environment of packages."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory(prefix="callhooks-mutants-") as folder:
        root = Path(folder)
        for name in filter(None, names.split("\0")):
            if (PROJECT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, root / name)
        # Compiled once, not by each mutant's tests. A file that changes is newer than what was compiled of it.
        compileall.compile_dir(root, quiet=1)
        (root / ".venv").unlink(missing_ok=True)
        (root / ".venv").symlink_to((PROJECT / ".venv").resolve())
        yield root


def run_tests(mutant: Mutant, root: Path, env: Mapping[str, str]) -> int:
    """pytest's exit code for the mutant's tests. A fault that makes them hang has been noticed, too."""
    text = mutant.apply(root)
    try:
        return run_pytest(mutant.tests, root, env, SECONDS).returncode
    except subprocess.TimeoutExpired:
        return TESTS_FAILED
    finally:
        (root / mutant.file).write_text(text)


def run_pytest(
    tests: Sequence[str], root: Path, env: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--reuse-db", "-p", "no:cacheprovider", *tests]
    env = {**env, "PYTHONPATH": os.fspath(root), "PYTHONDONTWRITEBYTECODE": "1", "EXAMPLES": "all"}
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=seconds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
