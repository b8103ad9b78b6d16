"""The supervisor: keeps a few processes running, and ends them together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from callhooks_site.supervision.child import Child, ProcessSpec, adopt_orphans
from callhooks_site.supervision.signals import StopSignals

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
# One that ran this long was well: its next end is news, not a repetition. What cannot start ends within a few seconds.
WELL_AFTER = 15.0
TICK = 1.0


@dataclass
class _Place:
    """A process that is to run, and what we know of the attempts at it."""

    spec: ProcessSpec
    child: Child | None = None
    deaths: int = 0
    start_at: float = 0.0
    ask_health_at: float = 0.0
    unhealthy: int = 0


class Supervisor:
    """Starts what `specs` list; what ends is started again, after its leftovers were killed. Single-threaded.

    say: told each thing worth knowing, in a line or a few.
    longest_pause: seconds before the next start of one that ends again and again.
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
        """Look after all until a stop signal comes, then end all. Returns the exit codes of those that ran then."""
        codes: dict[str, int] = {}
        try:
            while not self._signals.stops:
                self.step()
                self.wait()
        finally:
            codes = self.stop()
        return codes

    def step(self) -> None:
        """One round: starts what is due, notices what ended, asks after health."""
        now = time.monotonic()
        for place in self._places:
            if place.child is None:
                if now >= place.start_at:
                    self._start(place)
            elif place.child.ended():
                self._clear_away(place, place.child)
            elif place.child.ending:
                place.child.kill_if_due()
            else:
                self._ask_health(place, place.child)

    def wait(self, seconds: float = TICK) -> None:
        """Sleep until something is to do, at most `seconds`."""
        now = time.monotonic()
        due = [place.start_at - now for place in self._places if place.child is None]
        self._signals.wait(min([seconds, *due]))

    def stop(self) -> dict[str, int]:
        """End all at once, each within its grace; a further stop signal ends the patience. Returns their exit codes
        (negative: the signal that killed it)."""
        children = [place.child for place in self._places if place.child is not None]
        for child in children:
            child.ask_to_end()
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
                self._say(f"Waiting for {names} to finish; Ctrl-C again ends it now.")
            self._signals.wait(0.05)
        for child in children:
            child.bury()
        for place in self._places:
            place.child = None
        return {child.spec.name: child.returncode or 0 for child in children}

    def pids(self) -> dict[str, int]:
        """The main process of each that runs."""
        return {place.spec.name: place.child.pid for place in self._places if place.child is not None}

    def _start(self, place: _Place) -> None:
        place.unhealthy = 0
        try:
            place.child = Child(place.spec)
        except OSError as error:
            place.deaths += 1
            pause = self._pause(place)
            self._say(f"{place.spec.name} cannot be started ({error}); next try in {pause:g} s.")
            return
        place.ask_health_at = time.monotonic() + place.spec.health_delay

    def _clear_away(self, place: _Place, child: Child) -> None:
        """Its workers may outlive a main process that was killed, and would work on beside the new ones."""
        child.bury()
        place.child = None
        if time.monotonic() - child.started > WELL_AFTER:
            place.deaths = 0
        place.deaths += 1
        pause = self._pause(place)
        # The first of a row of deaths shows why; the others would only repeat it.
        why = [f"    {line}" for line in child.last_lines()] if place.deaths == 1 and not child.ending else []
        log = f" (log: {child.spec.log})" if child.spec.log else ""
        headline = f"{place.spec.name} {child.reason()}{log}; it is started again in {pause:g} s."
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
            self._say(f"{spec.name} runs but does no work; it is ended and started again.")
            child.ask_to_end()
        place.ask_health_at = time.monotonic() + spec.health_interval
