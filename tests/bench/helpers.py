"""Processes of the bench that read what to do line by line, and answer in lines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from callhooks_site.devtools.state import PROJECT


class Helper:
    def __init__(self, name: str, orders: IO[str], answers: IO[str]) -> None:
        self._name = name
        self._orders = orders
        self.answers = answers

    def tell(self, line: str) -> None:
        self._orders.write(f"{line}\n")
        self._orders.flush()

    def answer(self) -> str:
        """Raises RuntimeError when it has ended instead."""
        line = self.answers.readline()
        if not line:
            raise RuntimeError(f"{self._name}, a process of the bench, has ended; it says why above.")
        return line.rstrip("\n")

    def ask(self, line: str) -> str:
        self.tell(line)
        return self.answer()


@contextmanager
def helper(name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Helper]:
    """A module of this package, run in a process of its own."""
    command = [sys.executable, "-m", f"{__package__}.{name}", *arguments]
    process = subprocess.Popen(command, cwd=PROJECT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Helper(name, process.stdin, process.stdout)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
