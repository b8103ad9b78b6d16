"""What a bad network does to callbacks: it shuffles, repeats and loses them. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable

from tests.simulate.scenarios import Callback, CallScenario

LOST = 1 / 50
REPEATED = 1 / 2
SHUFFLED = 1 / 2  # of calls: in any order at all; those of the others overtake each other by seconds
OVERTAKING_SECONDS = 5.0

Arrival = tuple[float, CallScenario, Callback]


def arrivals(scenarios: Iterable[CallScenario], rng: random.Random) -> tuple[list[Arrival], int]:
    """In the order in which they arrive, of all calls together; and how many were lost."""
    came: list[Arrival] = []
    lost = 0
    for scenario in scenarios:
        times = [callback.at for callback in scenario.callbacks]
        if rng.random() < SHUFFLED:
            rng.shuffle(times)
        for at, callback in zip(times, scenario.callbacks, strict=True):
            if rng.random() < LOST:
                lost += 1
                continue
            for _ in range(2 if rng.random() < REPEATED else 1):
                late = rng.expovariate(1 / OVERTAKING_SECONDS)
                came.append((scenario.began.timestamp() + at + late, scenario, callback))
    came.sort(key=lambda arrival: (arrival[0], arrival[1].number, id(arrival[2])))
    return came, lost
