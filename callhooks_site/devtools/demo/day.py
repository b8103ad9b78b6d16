"""An ordinary day, step by step, and the wait for its webhooks."""

import random
import time
from collections.abc import Callable
from datetime import datetime

from . import calls, events, messages
from .arrivals import Arrivals
from .expectations import Expectations
from .people import RandomPeople
from .settings import MEDIA_URL, Tracker
from .step_sender import StepSender
from .steps import Scenario, Step

PAUSE_SECONDS = 0.8
LOOK_EVERY_SECONDS = 0.2

Say = Callable[[str], None]


def plan_day(trackers: tuple[Tracker, ...], rng: random.Random, media_url: str = MEDIA_URL) -> list[Step]:
    """All steps of the day in order: other things happen while the first call waits for its recording."""
    people = RandomPeople(rng)
    run = f"{rng.randrange(16**6):06x}"

    def scenario(name: str, number: int) -> Scenario:
        return Scenario(people, trackers[number % len(trackers)], f"day-{run}-{name}", media_url)

    answered = calls.plan_answered_call(scenario("answered", 0))
    missed = calls.plan_missed_call(scenario("missed", 1))
    outbound = calls.plan_outbound_call(scenario("outbound", 0))
    return [
        *answered[:3],
        *missed,
        *answered[3:5],
        *calls.plan_abandoned_call(scenario("abandoned", 2)),
        *calls.plan_voicemail(scenario("voicemail", 1)),
        *messages.plan_texts(scenario("texts", 0)),
        *outbound[:1],
        *answered[5:],
        *messages.plan_forms(scenario("forms", 0)),
        *outbound[1:],
    ]


def run_steps(steps: list[Step], sender: StepSender, expectations: Expectations, say: Say, pause: float) -> None:
    """Send the steps. Raises ApiError at the first that is not accepted."""
    for number, step in enumerate(steps):
        if number and pause:
            time.sleep(pause)
        resource_id = sender.send_step(step)
        expectations.expect(resource_id, step.events)
        fired = "".join(f"  → {event}" for event in step.events)
        say(f"{datetime.now().astimezone():%H:%M:%S}  {step.words}{fired}")


def await_arrivals(expectations: Expectations, arrivals: Arrivals, seconds: float) -> bool:
    """Whether all expected webhooks arrived with valid signatures within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        for arrival in arrivals.read_new():
            expectations.record_arrival(arrival)
        if not expectations.missing():
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_EVERY_SECONDS)


def table(expectations: Expectations) -> str:
    """A table with expected and arrived webhooks, one line per event."""
    lines = [f"{'event':<22} {'expected':>8} {'arrived':>8}"]
    for event in events.ALL:
        expected, arrived, bad = expectations.by_event(event)
        remark = f"   {bad} with a bad signature or body" if bad else ""
        lines.append(f"{event:<22} {expected:>8} {arrived:>8}{remark}")
    return "\n".join(lines)
