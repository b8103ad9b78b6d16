"""The list of mutants fits the code: each changes a piece that stands there once, and names tests that exist."""

from __future__ import annotations

from pathlib import Path

from tests.mutants.mutant import Mutant, read_list

ROOT = Path(__file__).resolve().parents[2]


def test_each_mutant_can_be_applied():
    assert [fault for mutant in read_list() if (fault := mutant.fault(ROOT))] == []


def test_there_are_enough_and_their_names_are_unique():
    names = [mutant.name for mutant in read_list()]
    assert len(names) == len(set(names)) >= 60


def test_a_mutant_that_fits_nothing_is_seen():
    mutant = Mutant("made up", "manage.py", "nothing of the kind", "x", ("tests/unit/test_mutants_list.py",))
    assert "stands 0 times" in mutant.fault(ROOT)
