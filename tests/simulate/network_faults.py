"""What the net does to callbacks: shuffles, doubles and loses them. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable

from tests.simulate.scenarios import Callback, Life

LOST = 1 / 50
DOUBLED = 1 / 2
SHUFFLED = 1 / 2  # of calls: in any order at all; those of the others overtake each other by seconds
OVERTAKING_SECONDS = 5.0

Arrival = tuple[float, Life, Callback]


def arrivals(lives: Iterable[Life], chance: random.Random) -> tuple[list[Arrival], int]:
    """In the order of their coming, all calls beside each other; and how many were lost."""
    came: list[Arrival] = []
    lost = 0
    for life in lives:
        times = [callback.at for callback in life.callbacks]
        if chance.random() < SHUFFLED:
            chance.shuffle(times)
        for at, callback in zip(times, life.callbacks, strict=True):
            if chance.random() < LOST:
                lost += 1
                continue
            for _ in range(2 if chance.random() < DOUBLED else 1):
                late = chance.expovariate(1 / OVERTAKING_SECONDS)
                came.append((life.began.timestamp() + at + late, life, callback))
    came.sort(key=lambda arrival: (arrival[0], arrival[1].number, id(arrival[2])))
    return came, lost
