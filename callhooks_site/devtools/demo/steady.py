"""`--rate`: parts of ordinary days, so many events a second, until told to stop."""

import itertools
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from . import calls, messages
from .api import Api, ApiError, Refused, Unreachable
from .cast import Cast
from .ledger import Ledger
from .player import Player
from .settings import DemoSettings
from .story import Scene, Step

EVENTS_PER_THREAD = 5  # a second; a request may then take 100 ms before the rate suffers
MOST_THREADS = 32
PAUSE_AFTER_ERROR_SECONDS = 0.5
STORIES: tuple[Callable[[Scene], list[Step]], ...] = (
    calls.answered,
    calls.missed,
    calls.abandoned,
    calls.voicemail,
    calls.outbound,
    messages.texts,
    messages.forms,
)


class Pace:
    """Gives each event its moment. When the service is slower than the rate, the lost time is not made up."""

    def __init__(self, rate: float, stop: threading.Event) -> None:
        self._gap = 1 / rate
        self._stop = stop
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def wait(self, events: int) -> None:
        """Until these events are due, or the stop."""
        with self._lock:
            due = max(self._next, time.monotonic() - 1)
            self._next = due + events * self._gap
        self._stop.wait(max(0.0, due - time.monotonic()))


@dataclass
class Totals:
    requests: int = 0
    events: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def accepted(self, events: int) -> None:
        with self.lock:
            self.requests += 1
            self.events += events

    def failed(self, words: str) -> None:
        with self.lock:
            self.requests += 1
            self.errors[words] += 1


class Steady:
    """Starts its threads at once; `finish` lets the stories under way come to their end."""

    def __init__(self, settings: DemoSettings, ledger: Ledger, rate: float) -> None:
        self.totals = Totals()
        self._settings = settings
        self._ledger = ledger
        self._stop = threading.Event()
        self._pace = Pace(rate, self._stop)
        self._run = f"{random.randrange(16**6):06x}"
        self._numbers = itertools.count(1)
        threads = max(1, min(MOST_THREADS, math.ceil(rate / EVENTS_PER_THREAD)))
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float | None) -> None:
        self._stop.wait(seconds)

    def finish(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        chance = random.Random()
        cast = Cast(chance)
        player = Player(Api(self._settings.api_url, self._settings.api_key))
        while not self._stop.is_set():
            scene = Scene(cast, chance.choice(self._settings.trackers), f"steady-{self._run}-{next(self._numbers)}")
            self._tell(chance.choice(STORIES)(scene), player)

    def _tell(self, steps: list[Step], player: Player) -> None:
        """To its end, even when told to stop: a call left open would bring a late event nobody expects."""
        for step in steps:
            if step.events:
                self._pace.wait(len(step.events))
                if self._stop.is_set() and step is steps[0]:
                    return
            try:
                resource_id = player.play(step)
            except ApiError as error:
                self.totals.failed(_kind_of(error))
                known = player.id_of(step.subject)
                if known:
                    self._ledger.unsure(known)
                self._stop.wait(PAUSE_AFTER_ERROR_SECONDS)
                break
            self.totals.accepted(len(step.events))
            if step.events:
                self._ledger.accepted(resource_id, step.events)
        player.forget({step.subject for step in steps})


def _kind_of(error: ApiError) -> str:
    """Errors are counted by kind; what a 4xx said is worth its words."""
    if isinstance(error, Refused):
        return str(error)
    return "not reachable" if isinstance(error, Unreachable) else "no clear answer"
