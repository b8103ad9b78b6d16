"""The processes of a drill. Nobody restarts them: one that ends by itself is a fault."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from types import TracebackType

from callhooks_site.devtools.state import DevError
from callhooks_site.supervision.child import Child, ProcessSpec, adopt_orphans
from tests.chaos.victims import children

PATIENCE = 90.0  # seconds: far more than a busy machine needs


class Processes:
    """Context manager: what still runs is stopped at its end."""

    def __init__(self) -> None:
        adopt_orphans()
        self._running: dict[str, Child] = {}

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(*self._running)

    def start(self, spec: ProcessSpec) -> Child:
        self._running[spec.name] = child = Child(spec)
        return child

    def stop(self, *names: str) -> None:
        """Stop these at the same time, each within its grace."""
        children = [self._running.pop(name) for name in names]
        for child in children:
            child.ask_to_stop()
        while running := [child for child in children if not child.ended()]:
            for child in running:
                child.kill_if_due()
            time.sleep(0.02)
        for child in children:
            child.clean_up()

    def kill(self, *names: str) -> None:
        """SIGKILL to all of their processes, those of a cluster's supervisor included."""
        for name in names:
            child = self._running.pop(name)
            below = children(child.pid)
            child.kill()
            for pid in below:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            child.clean_up()

    def go_on(self, seconds: float) -> None:
        """Let them run for this long."""
        ends_at = time.monotonic() + seconds
        self.wait_until(lambda: time.monotonic() >= ends_at, "", seconds + 1)

    def wait_until(self, condition: Callable[[], object], otherwise: str, seconds: float = PATIENCE) -> float:
        """Wait until it holds, and return how many seconds that took. Raises DevError when it does not hold in time,
        or when a process ends meanwhile."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > seconds:
                raise DevError(f"{otherwise} (after {seconds:.0f} s)")
            for name, child in self._running.items():
                if child.ended():
                    last = "\n".join(f"    {line}" for line in child.last_lines())
                    raise DevError(f"{name} {child.reason()}:\n{last}")
            time.sleep(0.05)
        return time.monotonic() - began
