"""What `./dev test` leaves to `./dev test --long` has a short form that stays, and a build machine runs both."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.support import long_tests
from tests.support.long_tests import Share

ROOT = Path(__file__).resolve().parents[2]
HERE = "tests/unit/test_long_tests.py"
STAYS = f"{HERE}::test_every_case_is_in_one_of_the_shares"


class Case:
    """As much of a collected test as matters here."""

    def __init__(self, test: str, *markers: pytest.MarkDecorator, file: str = HERE) -> None:
        self.nodeid = f"{file}::{test}"
        self.markers = {each.name: each.mark for each in markers}

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self.markers.get(name)

    def add_marker(self, name: str) -> None:
        self.markers[name] = getattr(pytest.mark, name).mark


def long(short: str = "") -> pytest.MarkDecorator:
    return pytest.mark.long(short=short) if short else pytest.mark.long


@pytest.mark.parametrize(
    "cases",
    [
        [Case("test_a")],
        [Case("test_a", long(STAYS))],
        [Case("test_a[some]"), Case("test_a[all]", long())],
        [Case("TestIn::test_a", long(STAYS)), Case(STAYS.partition("::")[2])],
    ],
)
def test_a_long_test_with_a_short_one_is_fine(cases):
    assert long_tests.faults(cases) == []


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ([Case("test_a", long())], "names no short test"),
        ([Case("test_a[some]", long()), Case("test_a[all]", long())], "names no short test"),
        ([Case("test_a", long(f"{HERE}::test_that_went"))], "is not there"),
        ([Case("test_a", long("tests/unit/test_that_went.py::test_a"))], "is not there"),
        ([Case("test_a", long(f"{HERE}::test_b")), Case("test_b", long(STAYS))], "is long, too"),
    ],
)
def test_one_without_is_told(cases, said):
    assert said in "".join(long_tests.faults(cases))


@pytest.mark.parametrize(("cases", "every"), [(12, 3), (2, 5), (1, 4)])
def test_a_sample_has_each_nth_case_and_at_least_one(cases, every):
    several = [Case(f"test_a[{number}]", pytest.mark.sample(every=every)) for number in range(cases)]
    long_tests.mark_samples(several)
    left = [number for number, case in enumerate(several) if "long" not in case.markers]
    assert len(left) == max(1, cases // every)
    assert {second - first for first, second in pairwise(left)} <= {every}


def test_every_case_is_in_one_of_the_shares():
    things = list("abcdefgh")
    assert sorted(Share(0, 3).of(things) + Share(1, 3).of(things) + Share(2, 3).of(things)) == things
    assert Share().of(things) == things


def test_a_build_machine_runs_both():
    for file in (".ci/run", ".github/workflows/ci.yml"):
        assert {"./dev test", "./dev test --long"} <= {line.strip() for line in (ROOT / file).read_text().splitlines()}
