"""`./dev test`, `test --long`, `lint` and `coverage`: static checks, and tests on a PostgreSQL made for this run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from callhooks_site.devtools.database import throw_away_database
from callhooks_site.devtools.foreground import run_foreground
from callhooks_site.devtools.state import PROJECT, DevError, environment, make_secrets

NO_TEST_RAN = 5  # pytest's exit code
CRASH, BROWSER = "tests/crash", "tests/browser"
# By whole files, because some share what is dear to make; those that take longest first (tests/support/longest.py), not
# those with the most tests.
BY_FILE = ["--dist", "loadfile", "--no-loadscope-reorder"]
# Workers, each with a database of its own: three on the two cores of a small build machine, since tests wait for the
# disk and for other processes. Each costs five seconds of CPU before its first test.
AT_ONCE = ["-n", "3", *BY_FILE]
CRASH_AT_ONCE = ["-n", "2", *BY_FILE]
# tests/support/long_tests.py
LONG, SHORT = ["-m", "long"], ["-m", "not long", "--durations=10", "--durations-min=5"]
# A figure for people, not a bar to jump: where it is low, somebody should look why. Branches count.
COVERAGE = ["--cov", "--cov-branch", "--cov-report=term:skip-covered", "--cov-report=html:var/coverage"]
CONCISE = ["--output-format", "concise"]


def main(arguments: list[str]) -> int:
    """The exit code: pytest's; 1 if pytest is content but a static check is not."""
    command, rest = arguments[0], arguments[1:]
    # A run starts dozens of processes; each would compile the project and the tests anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    failed: list[str] = []
    try:
        with throw_away_database(migrated=command != "lint") as url:  # the checks ask for no table
            env = environment(url, make_secrets(), var=PROJECT / "var" / "test")
            if command == "coverage":
                return _pytest(env, [*(rest or [*AT_ONCE, f"--ignore={CRASH}"]), *COVERAGE])
            long = rest == ["--long"]
            if rest and not long:  # what is named runs, long or not
                return _pytest(env, rest)
            if command == "lint":
                failed, code = static_checks(env), 0
            elif "DATABASE_URL" in os.environ:  # one database that was given: one run after the other
                failed, code = [] if long else static_checks(env), _pytest(env, LONG if long else SHORT)
            else:
                code, failed = _everything(env, LONG if long else SHORT)
    except DevError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    if failed:
        sys.stderr.write(f"Static checks that failed: {', '.join(failed)}.\n")
    return code or (1 if failed else 0)


def static_checks(env: Mapping[str, str]) -> list[str]:
    """Run each, whatever the others say; the names of those that failed."""
    manage = [sys.executable, "manage.py"]
    production = {**env, **production_like(env["DATABASE_URL"])}
    checks: list[tuple[str, list[str], Mapping[str, str]]] = [
        ("ruff check", [sys.executable, "-m", "ruff", "check", "--quiet", *CONCISE, "."], env),
        ("ruff format", [sys.executable, "-m", "ruff", "format", "--quiet", "--check", *CONCISE, "."], env),
        ("mypy", [sys.executable, "-m", "mypy"], env),
        ("makemigrations --check", [*manage, "makemigrations", "--check", "--dry-run"], env),
        ("check --deploy", [*manage, "check", "--deploy", "--fail-level", "WARNING"], production),
        ("advisories", [sys.executable, "-m", "tests.tools.advisories"], env),
    ]
    return [name for name, command, its_env in checks if not _passes(name, command, its_env)]


def production_like(database_url: str) -> dict[str, str]:
    """What a real installation would set."""
    return {
        **make_secrets(),
        "DATABASE_URL": database_url,
        "DEBUG": "false",
        "PUBLIC_URL": "https://callhooks.example.com",
        "ALLOWED_HOSTS": "callhooks.example.com",
        "WEBHOOK_ALLOWED_NETWORKS": "",
    }


def _passes(name: str, command: list[str], env: Mapping[str, str]) -> bool:
    sys.stdout.write(f"--- {name}\n")
    sys.stdout.flush()
    return run_foreground(command, env) == 0


def _everything(env: Mapping[str, str], which: list[str]) -> tuple[int, list[str]]:
    """pytest's exit code and the static checks that failed. Beside the short tests run the static checks; beside
    all, those in a browser, with one Chromium for all, which nothing else may share a process with; and those that kill
    clusters, on a server of their own: they mostly wait, and one after the other they would take longest."""
    with ExitStack() as stack:
        url = stack.enter_context(throw_away_database(migrated=True))
        crash_env = environment(url, make_secrets(), var=PROJECT / "var" / "test-crash")
        crash = [sys.executable, "-m", "pytest", *which, *CRASH_AT_ONCE, CRASH]
        crash_ended = stack.enter_context(_beside(crash, crash_env))
        browser_env = environment(url, make_secrets(), var=PROJECT / "var" / "test-browser")
        browser_ended = stack.enter_context(_beside([sys.executable, "-m", "pytest", *which, BROWSER], browser_env))
        lint = [sys.executable, "-m", "tests.tools.check", "lint"]
        # It asks for a database, but for no table: the tests' does, and starts no other server.
        lint_env = {**os.environ, "DATABASE_URL": env["DATABASE_URL"]}
        lint_ended = stack.enter_context(_beside(lint, lint_env)) if which is SHORT else None
        code = _pytest(env, [*which, *AT_ONCE, f"--ignore={CRASH}", f"--ignore={BROWSER}"])
        failed = ["see above"] if lint_ended and lint_ended("static checks") else []
        others = [browser_ended(f"pytest {BROWSER}"), crash_ended(f"pytest {CRASH}")]
        return code or max(others, key=abs), failed


@contextmanager
def _beside(command: list[str], env: Mapping[str, str]) -> Iterator[Callable[[str], int]]:
    """Run it while the block does something else. The function yielded waits for its end, shows under a heading what
    it printed and gives its exit code."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, env=env, cwd=PROJECT, stdout=output, stderr=output)

        def ended(heading: str) -> int:
            code = process.wait()
            output.seek(0)
            sys.stdout.write(f"--- {heading}\n{output.read()}")
            sys.stdout.flush()
            return code

        try:
            yield ended
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


def _pytest(env: Mapping[str, str], arguments: list[str]) -> int:
    sys.stdout.write("--- pytest\n")
    sys.stdout.flush()
    code = run_foreground([sys.executable, "-m", "pytest", *arguments], env)
    if code == NO_TEST_RAN:
        sys.stderr.write("No test ran, and that counts as a failure.\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
