"""Commands, failures and what is said on the way."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

LONGEST = 900.0  # seconds; a build machine may be busy


class Failed(Exception):
    """What the container test found wrong."""


class NotHere(Exception):
    """Why the test cannot be made on this machine."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Says afterwards how long it took."""
    started = time.monotonic()
    yield
    say(f"{time.monotonic() - started:6.1f} s  {name}")


def run(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Its standard output. Raises Failed with all that it said if it fails."""
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, check=False, timeout=LONGEST)
    if done.returncode != 0:
        end = "\n".join((done.stdout + done.stderr).splitlines()[-60:])
        raise Failed(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{end}")
    return done.stdout


def require(holds: bool, words: str) -> None:
    if not holds:
        raise Failed(words)
