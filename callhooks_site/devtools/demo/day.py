"""An ordinary day, told line by line, and the wait for its webhooks."""

import random
import time
from collections.abc import Callable
from datetime import datetime

from . import calls, events, messages
from .arrivals import Arrivals
from .cast import Cast
from .player import Player
from .settings import Tracker
from .story import Scene, Step
from .tally import Tally

PAUSE_SECONDS = 0.8
LOOK_EVERY_SECONDS = 0.2

Say = Callable[[str], None]


def script(trackers: tuple[Tracker, ...], chance: random.Random) -> list[Step]:
    """All steps of the day in order: other things happen while the first call's recording is being made."""
    cast = Cast(chance)
    run = f"{chance.randrange(16**6):06x}"

    def scene(name: str, number: int) -> Scene:
        return Scene(cast, trackers[number % len(trackers)], f"day-{run}-{name}")

    answered = calls.answered(scene("answered", 0))
    missed = calls.missed(scene("missed", 1))
    outbound = calls.outbound(scene("outbound", 0))
    return [
        *answered[:3],
        *missed,
        *answered[3:5],
        *calls.abandoned(scene("abandoned", 2)),
        *calls.voicemail(scene("voicemail", 1)),
        *messages.texts(scene("texts", 0)),
        *outbound[:1],
        *answered[5:],
        *messages.forms(scene("forms", 0)),
        *outbound[1:],
    ]


def play(steps: list[Step], player: Player, tally: Tally, say: Say, pause: float) -> None:
    """Raises ApiError at the first request that is not accepted."""
    for number, step in enumerate(steps):
        if number and pause:
            time.sleep(pause)
        resource_id = player.play(step)
        tally.expect(resource_id, step.events)
        fired = "".join(f"  → {event}" for event in step.events)
        say(f"{datetime.now().astimezone():%H:%M:%S}  {step.words}{fired}")


def await_arrivals(tally: Tally, arrivals: Arrivals, seconds: float) -> bool:
    """Whether everything expected arrived, with good signatures, within that time."""
    deadline = time.monotonic() + seconds
    while True:
        for arrival in arrivals.new():
            tally.arrive(arrival)
        if not tally.missing():
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_EVERY_SECONDS)


def table(tally: Tally) -> str:
    """Event × expected × arrived, one line each."""
    lines = [f"{'event':<22} {'expected':>8} {'arrived':>8}"]
    for event in events.ALL:
        expected, arrived, bad = tally.by_event(event)
        remark = f"   {bad} with a bad signature" if bad else ""
        lines.append(f"{event:<22} {expected:>8} {arrived:>8}{remark}")
    return "\n".join(lines)
