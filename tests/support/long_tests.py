"""Tests that `./dev test` leaves to `./dev test --long`, because they take long and a shorter one stays.

- `@pytest.mark.long(short="tests/x/test_y.py::test_z")` on a test, a file or a case: it is not in `./dev test`; `short`
  is the test that is. A case of a test whose other cases are not long needs no `short`.
- `@pytest.mark.sample(every=5)` on a test with many cases: each fifth is in `./dev test`, the others are long. Which
  one is the first depends on the test's name: where a file's tests have the same few parameters, each of these comes.
- `Share` for a test that walks over many things: it is given a few of them, and ALL as a long case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import pytest

ROOT = Path(__file__).resolve().parents[2]
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Share:
    """Each `every`th thing, beginning with number `first`."""

    first: int = 0
    every: int = 1

    def of(self, things: Iterable[Thing]) -> list[Thing]:
        return list(things)[self.first :: self.every]

    def __str__(self) -> str:
        return "all" if self.every == 1 else f"{self.first + 1} of {self.every}"


ALL = pytest.param(Share(), marks=pytest.mark.long, id="all")


def some(first: int, every: int) -> object:
    """A share as a case of a test."""
    share = Share(first, every)
    return pytest.param(share, id=str(share))


def shares_of(*whos: str) -> list[object]:
    """Cases of a test that walks as each of them: a third of the things for each, and as long cases all things."""
    some_things = [pytest.param(who, Share(number, 3)) for number, who in enumerate(whos)]
    return [*some_things, *(pytest.param(who, Share(), marks=pytest.mark.long) for who in whos)]


def mark_samples(items: Sequence[pytest.Item]) -> None:
    """Mark the cases that are not in the samples."""
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sample") is not None:
            cases[_test_of(item)].append(item)
    for test, several in cases.items():
        every = several[0].get_closest_marker("sample").kwargs["every"]  # type: ignore[union-attr]
        first = crc32(test.encode()) % min(every, len(several))
        for number, item in enumerate(several):
            if number % every != first:
                item.add_marker("long")


def faults(items: Sequence[pytest.Item]) -> list[str]:
    """Long tests of which no short form stays. `items` are all tests of their files."""
    short = {_test_of(item) for item in items if item.get_closest_marker("long") is None}
    found = []
    for item in items:
        marker = item.get_closest_marker("long")
        if marker is None or _test_of(item) in short:
            continue
        named = marker.kwargs.get("short", "")
        file, _, test = named.partition("::")
        if not named:
            found.append(f"{item.nodeid} is long and names no short test that stays.")
        elif named in {_test_of(item) for item in items} - short:
            found.append(f"{item.nodeid} names {named} as its short form, which is long, too.")
        elif not (ROOT / file).is_file() or f"def {test.rpartition('::')[2]}(" not in (ROOT / file).read_text():
            found.append(f"{item.nodeid} names {named} as its short form, which is not there.")
    return sorted(set(found))


def _test_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]
