"""The supervisor keeps a few processes running, and stops them together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from callhooks_site.supervision.child import Child, ProcessSpec, adopt_orphans
from callhooks_site.supervision.signals import StopSignals

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
# A process that ran this long counts as started. One that cannot start ends within a few seconds.
STARTED_AFTER = 15.0
TICK = 1.0


@dataclass
class _Place:
    """A process to keep running, and the history of its starts."""

    spec: ProcessSpec
    child: Child | None = None
    deaths: int = 0
    start_at: float = 0.0
    ask_health_at: float = 0.0
    unhealthy: int = 0


class Supervisor:
    """Starts the processes in `specs`, and restarts any that ends, after killing what is left of its group.
    Single-threaded.

    say: called with each message, of one line or a few.
    longest_pause: most seconds between the restarts of a process that keeps ending.
    """

    def __init__(
        self,
        specs: Sequence[ProcessSpec],
        *,
        signals: StopSignals,
        say: Callable[[str], None],
        longest_pause: float = LONGEST_PAUSE,
    ) -> None:
        adopt_orphans()
        self._places = [_Place(spec) for spec in specs]
        self._signals = signals
        self._say = say
        self._longest_pause = longest_pause

    def run(self) -> dict[str, int]:
        """Keep all running until a stop signal, then stop all. Returns the exit codes of those that were running."""
        codes: dict[str, int] = {}
        try:
            while not self._signals.stops:
                self.step()
                self.wait()
        finally:
            codes = self.stop()
        return codes

    def step(self) -> None:
        """One round: start what is due, clean up what ended, check health."""
        now = time.monotonic()
        for place in self._places:
            if place.child is None:
                if now >= place.start_at:
                    self._start(place)
            elif place.child.ended():
                self._handle_end(place, place.child)
            elif place.child.ending:
                place.child.kill_if_due()
            else:
                self._ask_health(place, place.child)

    def wait(self, seconds: float = TICK) -> None:
        """Sleep until the next start is due or a signal arrives, for `seconds` at most."""
        now = time.monotonic()
        due = [place.start_at - now for place in self._places if place.child is None]
        self._signals.wait(min([seconds, *due]))

    def stop(self) -> dict[str, int]:
        """Stop all at the same time, each within its grace; another stop signal kills them at once. Returns their exit
        codes (negative: the signal that killed it)."""
        children = [place.child for place in self._places if place.child is not None]
        for child in children:
            child.ask_to_stop()
        signals_before = self._signals.stops
        started, told = time.monotonic(), False
        while running := [child for child in children if not child.ended()]:
            for child in running:
                child.kill_if_due()
                if self._signals.stops > signals_before:
                    child.kill()
            if not told and time.monotonic() - started > 2:
                told = True
                names = " and ".join(child.spec.name for child in running)
                self._say(f"Waiting for {names} to finish; press Ctrl-C again to stop now.")
            self._signals.wait(0.05)
        for child in children:
            child.clean_up()
        for place in self._places:
            place.child = None
        return {child.spec.name: child.returncode or 0 for child in children}

    def pids(self) -> dict[str, int]:
        """The process id of each running main process."""
        return {place.spec.name: place.child.pid for place in self._places if place.child is not None}

    def _start(self, place: _Place) -> None:
        place.unhealthy = 0
        try:
            place.child = Child(place.spec)
        except OSError as error:
            place.deaths += 1
            pause = self._pause(place)
            self._say(f"{place.spec.name} cannot be started ({error}); trying again in {pause:g} s.")
            return
        place.ask_health_at = time.monotonic() + place.spec.health_delay

    def _handle_end(self, place: _Place, child: Child) -> None:
        """Workers can outlive a main process that was killed, and would run beside the new ones."""
        child.clean_up()
        place.child = None
        if time.monotonic() - child.started > STARTED_AFTER:
            place.deaths = 0
        place.deaths += 1
        pause = self._pause(place)
        # Only the first of several failures shows the log; the others would repeat it.
        why = [f"    {line}" for line in child.last_lines()] if place.deaths == 1 and not child.ending else []
        log = f" (log: {child.spec.log})" if child.spec.log else ""
        headline = f"{place.spec.name} {child.reason()}{log}; restarting in {pause:g} s."
        self._say("\n".join([headline, *why]))

    def _pause(self, place: _Place) -> float:
        pause = min(self._longest_pause, FIRST_PAUSE * 2.0 ** min(place.deaths - 1, 10))
        place.start_at = time.monotonic() + pause
        return pause

    def _ask_health(self, place: _Place, child: Child) -> None:
        spec = place.spec
        if spec.healthy is None or time.monotonic() < place.ask_health_at:
            return
        place.unhealthy = 0 if spec.healthy() else place.unhealthy + 1
        if place.unhealthy >= spec.health_failures:
            self._say(f"{spec.name} runs but does no work; restarting it.")
            child.ask_to_stop()
        place.ask_health_at = time.monotonic() + spec.health_interval
