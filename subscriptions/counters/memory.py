"""The counts of this process since they were last written. Thread-safe, and empty in a process that was just forked."""

from __future__ import annotations

import os
import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

# Sets of labels of one metric that a process holds. All labels come from the code: this keeps a mistake there from
# filling memory and table. Each route with its methods and statuses: a day of tests asks for more than 2,000.
MOST_SERIES = 10_000
LONGEST_LABEL = 100
OTHER = "other"

Key = tuple[str, tuple[str, ...]]
_lock = threading.Lock()
# name and labels → the total; of a histogram the sum of what was observed, then how many fell into each bucket.
_values: dict[Key, list[float]] = {}
# The sets of labels that this process has counted so far, by name: they outlive what is taken.
_series: dict[str, set[tuple[str, ...]]] = {}


@dataclass(frozen=True, slots=True)
class Counter:
    """`name` ends in `_total`. `labels`: their names, in the order in which `add` gets the values. `from_start`: label
    values that are shown as 0 before they are first counted, so that alerts can tell 0 from not there."""

    name: str
    about: str
    labels: tuple[str, ...] = ()
    from_start: tuple[tuple[str, ...], ...] = ()

    def add(self, *labels: str, by: float = 1) -> None:
        with _lock:
            _values_of(self.name, labels, 1)[0] += by


@dataclass(frozen=True, slots=True)
class Histogram:
    """`bounds`: the upper bounds of its buckets; what is above the last has a bucket of its own. Whoever changes them
    gives the metric a new name: what is stored has the old ones."""

    name: str
    about: str
    bounds: tuple[float, ...]
    labels: tuple[str, ...] = ()

    def observe(self, *values: float, labels: tuple[str, ...] = ()) -> None:
        with _lock:
            counted = _values_of(self.name, labels, len(self.bounds) + 2)
            for value in values:
                counted[0] += value
                counted[1 + bisect_left(self.bounds, value)] += 1


def _values_of(name: str, labels: tuple[str, ...], length: int) -> list[float]:
    values = _values.get((name, labels))
    if values is None:
        series = _series.setdefault(name, set())
        bad = any(len(label) > LONGEST_LABEL or "\x00" in label for label in labels)
        if bad or (labels not in series and len(series) >= MOST_SERIES):
            labels = (OTHER,) * len(labels)
        else:
            series.add(labels)
        values = _values.setdefault((name, labels), [0.0] * length)
    return values


def take() -> dict[Key, list[float]]:
    """All counts so far, which are forgotten here."""
    global _values
    with _lock:
        taken, _values = _values, {}
    return taken


def put_back(taken: Mapping[Key, list[float]]) -> None:
    """These could not be written: they are counted on."""
    with _lock:
        for (name, labels), values in taken.items():
            now = _values_of(name, labels, len(values))
            for place, value in enumerate(values):
                now[place] += value


def _begin_anew() -> None:
    """In a process that was forked: what is counted here is its parent's, and so is the lock, perhaps held."""
    global _lock, _values, _series
    _lock, _values, _series = threading.Lock(), {}, {}


os.register_at_fork(after_in_child=_begin_anew)
