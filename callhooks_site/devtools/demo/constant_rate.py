"""`--rate`: parts of ordinary days at a constant rate of events, until stopped."""

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
from .people import RandomPeople
from .sent_log import SentLog
from .settings import DemoSettings
from .step_sender import StepSender
from .steps import Scenario, Step

EVENTS_PER_THREAD = 5  # a second; a request may then take 100 ms before the rate suffers
MOST_THREADS = 32
PAUSE_AFTER_ERROR_SECONDS = 0.5
PLANS: tuple[Callable[[Scenario], list[Step]], ...] = (
    calls.plan_answered_call,
    calls.plan_missed_call,
    calls.plan_abandoned_call,
    calls.plan_voicemail,
    calls.plan_outbound_call,
    messages.plan_texts,
    messages.plan_forms,
)


class Pace:
    """Spaces events evenly. Time that is lost because the service is too slow is not caught up."""

    def __init__(self, rate: float, stop: threading.Event) -> None:
        self._gap = 1 / rate
        self._stop = stop
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def wait(self, events: int) -> None:
        """Wait until these events are due, or until the stop."""
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


class ConstantRate:
    """Starts its threads at once; `finish` completes the calls, texts and forms that were begun."""

    def __init__(self, settings: DemoSettings, sent_log: SentLog, rate: float) -> None:
        self.totals = Totals()
        self._settings = settings
        self._sent_log = sent_log
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
        rng = random.Random()
        people = RandomPeople(rng)
        sender = StepSender(Api(self._settings.api_url, self._settings.api_key))
        while not self._stop.is_set():
            name = f"steady-{self._run}-{next(self._numbers)}"
            scenario = Scenario(people, rng.choice(self._settings.trackers), name, self._settings.media_url)
            self._run_steps(rng.choice(PLANS)(scenario), sender)

    def _run_steps(self, steps: list[Step], sender: StepSender) -> None:
        """Completes the steps even after a stop: an unfinished call would cause an unexpected event later."""
        for step in steps:
            if step.events:
                self._pace.wait(len(step.events))
                if self._stop.is_set() and step is steps[0]:
                    return
            try:
                resource_id = sender.send_step(step)
            except ApiError as error:
                self.totals.failed(_kind_of(error))
                known = sender.id_of(step.subject)
                if known:
                    self._sent_log.record_unclear(known)
                self._stop.wait(PAUSE_AFTER_ERROR_SECONDS)
                break
            self.totals.accepted(len(step.events))
            if step.events:
                self._sent_log.record_accepted(resource_id, step.events)
        sender.forget({step.subject for step in steps})


def _kind_of(error: ApiError) -> str:
    """The text under which an error is counted: by kind, except for 4xx responses."""
    if isinstance(error, Refused):
        return str(error)
    return "not reachable" if isinstance(error, Unreachable) else "no clear answer"
