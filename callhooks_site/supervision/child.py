"""One process of the service, with the process group that it starts."""

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
# Loaded before any fork: loading a library between fork and exec is not safe.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ProcessSpec:
    """What to run and how to supervise it; times in seconds.

    log: the file its output is appended to; None: it writes to our own output.
    grace: from SIGTERM until the whole group is killed.
    pass_fds: descriptors of ours that it shares, such as a listening socket.
    healthy: called every `health_interval` once the process has run for `health_delay`; after `health_failures` times
        False in a row the process is restarted. It must return at once: the supervisor waits for it.
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
    pass_fds: Sequence[int] = ()


class Child:
    """A running process in a session of its own, so that Ctrl-C in the terminal reaches the supervisor only.

    On Linux it receives SIGTERM when the supervisor dies, even by SIGKILL.
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
                pass_fds=spec.pass_fds,
                preexec_fn=_stop_with_parent(os.getpid()),
            )
        self.pid = self._process.pid
        self._kill_at: float | None = None

    def ended(self) -> bool:
        """Whether the main process has ended; others of its group may still run."""
        return self._process.poll() is not None

    @property
    def ending(self) -> bool:
        """Whether it was asked to stop."""
        return self._kill_at is not None

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the main process only: it stops its workers in its own order."""
        if self._kill_at is None and not self.ended():
            self._process.terminate()
        if self._kill_at is None:
            self._kill_at = time.monotonic() + self.spec.grace

    def kill_if_due(self) -> None:
        """Kill the group if its grace is over."""
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self.kill()

    def kill(self) -> None:
        """Send SIGKILL to all that is left of the group, the main process included."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def clean_up(self, seconds: float = 2.0) -> None:
        """Kill what is left of the group and wait until it is gone, for `seconds` at most."""
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
        """The last lines that it logged since it started."""
        if self.spec.log is None:
            return []
        with self.spec.log.open("rb") as file:
            file.seek(max(self._log_from, self.spec.log.stat().st_size - 8000))
            return file.read().decode(errors="replace").splitlines()[-count:]

    @property
    def returncode(self) -> int | None:
        return self._process.returncode


def adopt_orphans() -> None:
    """Become the parent of processes that our children leave behind (Linux).

    Otherwise process 1 inherits them, which in a container may reap them late or never.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _stop_with_parent(parent: int) -> Callable[[], None]:
    def arrange() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != parent:  # it died before we could ask
                os._exit(1)

    return arrange
