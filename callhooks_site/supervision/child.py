"""One process of the service, with the group of processes that it makes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# Loaded before any fork: between fork and exec nothing may be.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ProcessSpec:
    """What to run and how to look after it; times in seconds.

    log: where its output is appended; None lets it write to our own output.
    grace: from SIGTERM until the whole group is killed.
    healthy: asked every `health_interval` once it has run for `health_delay`; after `health_failures` times
        False in a row the process is ended and started again. All wait for its answer: it must come at once.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    log: Path | None = None
    grace: float = 5.0
    healthy: Callable[[], bool] | None = None
    health_interval: float = 5.0
    health_delay: float = 20.0
    health_failures: int = 3


class Child:
    """A started process, leader of a session of its own: the terminal's Ctrl-C reaches us, not it.

    On Linux it gets SIGTERM when we die, even by SIGKILL.
    """

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self.started = time.monotonic()
        self._log_from = spec.log.stat().st_size if spec.log and spec.log.exists() else 0
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(spec.log.open("ab")) if spec.log else None
            self._process = subprocess.Popen(
                spec.command,
                env=spec.env,
                cwd=spec.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output and subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_dies_with(os.getpid()),
            )
        self.pid = self._process.pid
        self._kill_at: float | None = None

    def ended(self) -> bool:
        """Whether the main process is gone; the rest of its group may not be."""
        return self._process.poll() is not None

    @property
    def ending(self) -> bool:
        """Whether it was asked to end."""
        return self._kill_at is not None

    def ask_to_end(self) -> None:
        """SIGTERM to the main process alone: it stops its workers in its own order."""
        if self._kill_at is None and not self.ended():
            self._process.terminate()
        if self._kill_at is None:
            self._kill_at = time.monotonic() + self.spec.grace

    def kill_if_due(self) -> None:
        """Kill the group if the grace is over."""
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to whatever is left of the group, the main process included."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def bury(self, seconds: float = 2.0) -> None:
        """Kill what the group has left and wait until it is gone, which takes no longer than a moment."""
        self.kill()
        self._process.wait()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                os.waitpid(-self.pid, os.WNOHANG)  # orphans of the group that we adopted
            except ChildProcessError:
                try:
                    os.killpg(self.pid, 0)
                except (ProcessLookupError, PermissionError):
                    return
            time.sleep(0.01)

    def reason(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode
        if code is None:
            return "runs"
        return f"ended with exit code {code}" if code >= 0 else f"was killed by signal {-code}"

    def last_lines(self, count: int = 12) -> list[str]:
        """The end of what it logged since it was started."""
        if self.spec.log is None:
            return []
        with self.spec.log.open("rb") as file:
            file.seek(max(self._log_from, self.spec.log.stat().st_size - 8000))
            return file.read().decode(errors="replace").splitlines()[-count:]

    @property
    def returncode(self) -> int | None:
        return self._process.returncode


def adopt_orphans() -> None:
    """From now on processes that our children leave behind become ours to bury (Linux).

    Else they become those of process 1, which in a container may take seconds, or never come to it.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _dies_with(parent: int) -> Callable[[], None]:
    def arrange() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != parent:  # it died before we could ask
                os._exit(1)

    return arrange
